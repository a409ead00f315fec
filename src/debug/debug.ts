/**
 * Shows what a handler throws.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { asMiddleware, type Handler, type Middleware, requireHandler } from "../handler.ts";
import { negotiateMedia } from "../http/negotiation.ts";
import { hostRequestOf, nativeRequest } from "../host/host_request.ts";
import { textResponse } from "../host/text_response.ts";
import { type Enter, mountAware, type MountState, wrapping } from "../mount.ts";
import { type Platform, readPlatform } from "../platform/environment.ts";
import { hostAddress } from "./host_address.ts";
import { watch } from "./body.ts";
import { createState, type DebugState } from "./state.ts";
import { refuseOrigin } from "./same_origin.ts";
import type { LockClock } from "./lock.ts";
import { configure, type DebugOptions, type DebugSettings, isEnabled } from "./debug_options.ts";
import { debugResponse, pageResponse } from "./page_response.ts";
import { renderMarkdown } from "./render/markdown.ts";
import { renderText } from "./render/text.ts";
import { route } from "./routes.ts";

/** What a debugger stands on, for tests. */
export interface Deps extends LockClock, Platform {}

/** In order of preference: what asks for nothing is no browser. */
const TYPES = ["text/plain", "text/html", "application/json", "text/markdown"];

/**
 * Shows what a handler throws: its frames with their source, what caused it, and the request that
 * failed; with `live`, the variables of each frame, too, and a console that runs code in it.
 *
 * Made for development. It is off unless the environment says `development` or `enabled` is true,
 * always off in production, and shows nothing to other machines. When off, it is not there: the
 * handler comes back as it is.
 *
 * - 500 when the handler throws or rejects, as HTML, JSON, Markdown or plain text, by `Accept`.
 * - 500 that tells nothing, for a host that is not trusted or a request that was forwarded.
 * - An error while content streams is only told in the terminal and on the page `/__debug`.
 * - The `AbortError` of the request's own signal passes through.
 *
 * @param options See {@linkcode DebugOptions}.
 * @returns The middleware. Let it be the outermost.
 * @throws {TypeError} When an option is wrong.
 *
 * @example
 * ```ts
 * import { debug } from "@handwerk/handwerk/debug";
 *
 * const app = debug({ enabled: true, log: () => {} })(() => {
 *   throw new TypeError("It is broken");
 * });
 * const headers = { host: "localhost" };
 * const response = await app(new Request("http://localhost/", { headers }));
 * console.log(response.status); // 500
 * console.log((await response.text()).includes("TypeError: It is broken")); // true
 * ```
 */
export function debug(options: DebugOptions = {}): Middleware {
  return debugOn(options, {
    ...readPlatform(),
    now: () => performance.now(),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
}

/** Makes a debugger that stands on what it is given. */
export function debugOn(options: DebugOptions, ground: Deps): Middleware {
  const settings = configure(options, ground);
  if (!isEnabled(settings, ground)) return unchanged;
  const desk = createState(settings, ground);
  return wrapping("debug", (enter) => wrap(enter, desk, settings));
}

const unchanged: Middleware = asMiddleware((inner) =>
  requireHandler("debug: the wrapped handler", inner)
);

function wrap<Args extends readonly unknown[]>(
  enter: Enter<Args>,
  desk: DebugState,
  settings: DebugSettings,
): Handler<Args> {
  const { live: frames, path, log, clientAddress, edge } = settings;
  const run = <T>(work: () => T): T => frames ? frames.run(work) : work();
  const addressOf = (mount: MountState, args: readonly unknown[]): string | undefined =>
    requireSync("debug: clientAddress", clientAddress?.(nativeRequest(mount.original), ...args)) ??
      (edge ? undefined : hostRequestOf(mount.original)?.address) ??
      hostAddress(mount.original, args);

  let warned = false;
  return mountAware<Args>(async (request, mount, args) => {
    // Each request to a Worker in production has this field, and none in development.
    if (edge && mount.original.headers.has("cf-ray")) {
      if (!warned) log("debug: off, although it is enabled, because this is Cloudflare's network");
      warned = true;
      return await enter(request, mount, args);
    }
    if (mount.canonical === path || mount.canonical.startsWith(`${path}/`)) {
      const address = addressOf(mount, args);
      const tools = await desk.tools(address);
      return await route(request, mount, mount.canonical.slice(path.length), address, tools);
    }
    try {
      const response = await run(() => enter(request, mount, args));
      // What is none is for the host to judge: on Bun, an upgraded request has no response.
      if (!(response instanceof Response)) return response;
      return watch(response, run, async (error) => {
        if (!isOwnAbort(error, request)) await desk.record(error, request, "(while it streamed)");
      });
    } catch (error) {
      if (isOwnAbort(error, request)) throw error;
      const record = await desk.record(error, request, "");
      const refused = refuseOrigin(request, addressOf(mount, args), settings);
      if (refused) {
        log(`debug: not shown to the client, because ${refused.reason}`);
        return textResponse(request, 500, "Internal Server Error", { "cache-control": "no-store" });
      }
      const { report } = record;
      const type = negotiateMedia(request.headers.get("accept"), TYPES) ?? "text/plain";
      if (type === "application/json") {
        return debugResponse(request, 500, type, JSON.stringify(report));
      }
      if (type === "text/markdown") {
        return debugResponse(request, 500, type, renderMarkdown(report));
      }
      if (type === "text/plain") return debugResponse(request, 500, type, renderText(report));
      const base = mount.base + path;
      return pageResponse(
        request,
        500,
        (nonce) => desk.page(record, { nonce, path: base, token: desk.token() }),
      );
    }
  });
}

/** Whether the client has gone, and the work for it was stopped. */
function isOwnAbort(error: unknown, { signal }: Request): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason ||
    (error instanceof DOMException && error.name === "AbortError");
}
