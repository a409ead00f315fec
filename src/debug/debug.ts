/**
 * Turns what a handler throws into a page for its developer.
 *
 * @module
 */
import { asMiddleware, type Handler, type Middleware, requireHandler } from "../handler.ts";
import { watchBody } from "../host/watch_body.ts";
import { negotiateMedia } from "../http/negotiation.ts";
import { type Enter, mountAware, type MountState, wrapping } from "../mount.ts";
import { type Platform, readPlatform } from "../platform/environment.ts";
import { tunnelOf } from "../transport/tunnel.ts";
import { configure, type DebugOptions, isEnabled } from "./debug_options.ts";
import { liveFrames } from "./live/live_frames.ts";
import { debugResponse, pageResponse } from "./page_response.ts";
import { renderMarkdown } from "./render/markdown.ts";
import { renderText } from "./render/text.ts";
import { route } from "./routes.ts";
import { identifyPeer, refuseOrigin } from "./same_origin.ts";
import { DebugState, type ErrorRecord } from "./state.ts";
import type { FrameCapture } from "./types.ts";

/** The formats of an error, the preferred one first: clients without `Accept` are no browsers. */
const TYPES = ["text/plain", "text/html", "application/json", "text/markdown"];

/**
 * Shows what a handler throws: its frames with their source, its causes, and the request that failed;
 * with `live`, also the variables of each frame and a console in it.
 *
 * It is made for development: off unless the environment is `development` or `enabled` is true, always
 * off in production, and closed to other machines. When it is off, it returns the handler unchanged.
 *
 * - 500 with the error when the handler throws or rejects, as HTML, JSON, Markdown or plain text
 *   according to `Accept`.
 * - 500 without details for a host that is not trusted, and for a client that is not this machine.
 * - An error while the body streams is shown only in the terminal and at `/__debug`.
 * - Errors caused by a client disconnect are not reported.
 *
 * @param options See {@linkcode DebugOptions}.
 * @returns The middleware. It should be the outermost one.
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
  return debugOn(options, readPlatform());
}

/**
 * Makes a debugger on a platform, for tests.
 *
 * @param capture Replaces the capture of `live`.
 */
export function debugOn(
  options: DebugOptions,
  platform: Platform,
  capture?: FrameCapture,
): Middleware {
  const settings = configure(options, platform);
  if (!isEnabled(settings, platform)) {
    return asMiddleware((inner) => requireHandler("debug: the wrapped handler", inner));
  }
  const { live } = settings;
  const { frames = 8 } = live === true ? {} : live || { frames: 0 };
  capture ??= frames > 0 ? liveFrames(frames) : undefined;
  const state = new DebugState(settings, platform, capture);
  return wrapping("debug", (enter) => debugged(enter, state));
}

function debugged<Args extends readonly unknown[]>(
  enter: Enter<Args>,
  state: DebugState,
): Handler<Args> {
  const { settings, capture } = state;
  const { path, log, edge } = settings;
  const run = <T>(work: () => T): T => capture ? capture.run(work) : work();
  let warned = false;
  return mountAware<Args>(async (request, mount, args) => {
    // Cloudflare's network adds this header to every request; `wrangler dev` does not.
    if (edge && mount.original.headers.has("cf-ray")) {
      if (!warned) log("debug: off, although enabled is true, because of Cloudflare's network");
      warned = true;
      return await enter(request, mount, args);
    }
    if (mount.canonical === path || mount.canonical.startsWith(`${path}/`)) {
      const name = mount.canonical.slice(path.length);
      return await route(request, mount, name, identifyPeer(mount.original, args, settings), state);
    }
    try {
      const response = await run(() => enter(request, mount, args));
      // Other values are for the host to judge: on Bun, an upgraded request has no response.
      return response instanceof Response ? watched(response, request, run, state) : response;
    } catch (error) {
      if (isOwnAbort(error, request)) throw error;
      const record = await state.record(error, request);
      const refused = refuseOrigin(request, identifyPeer(mount.original, args, settings), settings);
      if (!refused) return errorResponse(request, mount, record, state);
      log(`debug: the error was not shown to the client, because ${refused.reason}`);
      return debugResponse(request, 500, "text/plain", "Internal Server Error");
    }
  });
}

/** Reports an error of the body, whose headers are already sent. The body still fails. */
function watched(
  response: Response,
  request: Request,
  run: <T>(work: () => T) => T,
  state: DebugState,
): Response {
  const { body } = response;
  // A copy of a response that stands for a tunnel would lose the tunnel.
  if (!body || body.locked || tunnelOf(response)) return response;
  const watchedBody = watchBody(body, {
    read: (reader) => run(() => reader.read()),
    onEnd: (end, error) =>
      end === "failed" && !isOwnAbort(error, request)
        ? state.record(error, request, "(while streaming)")
        : undefined,
  });
  return new Response(watchedBody, response);
}

function errorResponse(
  request: Request,
  { base }: MountState,
  record: ErrorRecord,
  state: DebugState,
): Response {
  const { report } = record;
  const type = negotiateMedia(request.headers.get("accept"), TYPES) ?? "text/plain";
  if (type === "text/html") {
    const path = base + state.settings.path;
    return pageResponse(
      request,
      500,
      (nonce) => state.page(record, { nonce, path, token: state.token }),
    );
  }
  const text = type === "application/json"
    ? JSON.stringify(report)
    : type === "text/markdown"
    ? renderMarkdown(report)
    : renderText(report);
  return debugResponse(request, 500, type, text);
}

/** Whether the error was caused by the client's disconnect. */
function isOwnAbort(error: unknown, { signal }: Request): boolean {
  return signal.aborted &&
    (error === signal.reason || (error instanceof DOMException && error.name === "AbortError"));
}
