/**
 * The pages and commands of the debugger, below its path. Each command is a POST of JSON with the
 * token of this process, which a page of another site can neither read nor send.
 *
 * @module
 */
import { nativeRequest } from "../host/host_request.ts";
import type { MountState } from "../mount.ts";
import { inspectScope } from "./console/inspect.ts";
import {
  NO_ERROR,
  type PageTools,
  renderConsole,
  renderExpired,
  renderList,
} from "./page/document.ts";
import { debugResponse, jsonResponse, pageResponse } from "./page_response.ts";
import { type DebugClient, isLoopback, isOwnOrigin, refuseOrigin } from "./same_origin.ts";
import type { DebugState, Inspectable } from "./state.ts";

/** The JSON of a command. */
type Question = { readonly [K in "pin" | "error" | "frame" | "id" | "source"]?: unknown };

const COMMANDS = new Set(["unlock", "request", "locals", "members", "evaluate"]);
const UNPROVEN = "Without a PIN, the client must be known to be this machine. Pass clientAddress.";

/**
 * Responds to a request below the path of the debugger.
 *
 * - 400 for a host that is not trusted, 403 for a client that is not this machine.
 * - 404 for other paths, 405 for other methods, 410 for an error that has expired.
 *
 * @param name The path below that of the debugger: `""`, `/console`, `/evaluate`, or `/` and the id of
 *   an error.
 */
export async function route(
  request: Request,
  mount: MountState,
  name: string,
  client: DebugClient,
  state: DebugState,
): Promise<Response> {
  const { settings, records } = state;
  const refused = refuseOrigin(request, client, settings);
  if (refused) {
    settings.log(`debug: refused ${request.method} ${settings.path}${name}: ${refused.reason}`);
    const reason = "Forbidden: the request came from another origin.";
    return jsonResponse(request, refused.status, { reason });
  }
  const own = name.slice(1);
  const path = mount.base + settings.path;
  if (COMMANDS.has(own)) {
    return await command(request, own, path, client, state);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const allow = { allow: "GET, HEAD" };
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: allow });
    return debugResponse(request, 405, "text/plain", "Method Not Allowed", allow);
  }
  const show = (status: number, render: (tools: PageTools) => string): Response =>
    pageResponse(request, status, (nonce) => render({ nonce, path, token: state.token }));
  if (own === "") {
    const reports = records.all().map(({ report }) => report);
    return show(200, (tools) => renderList(reports, settings.console, tools));
  }
  if (own === NO_ERROR && settings.console) return show(200, renderConsole);
  if (!/^[0-9a-f-]{36}$/.test(own)) return debugResponse(request, 404, "text/plain", "Not Found");
  const record = records.get(own);
  return record ? show(200, (tools) => state.page(record, tools)) : show(410, renderExpired);
}

/**
 * Responds to a command.
 *
 * - 405 for other methods than POST, 415 for other types than JSON, 400 for malformed JSON.
 * - 403 for another origin, and without the token.
 * - 401 until the page is unlocked, 423 after ten wrong PINs.
 * - 410 for an error or a frame that has expired.
 */
async function command(
  request: Request,
  name: string,
  path: string,
  client: DebugClient,
  state: DebugState,
): Promise<Response> {
  const refuse = (status: number, reason: string, headers?: Record<string, string>): Response =>
    jsonResponse(request, status, { reason, locked: status === 401 }, headers);
  const lock = await state.lock();
  // On Workers, the address is in a header that clients of `wrangler dev` can send.
  const local = !state.settings.edge && client.address !== undefined && isLoopback(client.address);
  if (!lock && !local) return refuse(403, UNPROVEN);
  const allow = { allow: "POST" };
  if (request.method === "OPTIONS") return jsonResponse(request, 200, {}, allow);
  if (request.method !== "POST") return refuse(405, "Commands must be sent with POST.", allow);
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json *(?:;|$)/i.test(type)) return refuse(415, "Commands must be JSON.");
  if (!isOwnOrigin(request, client)) {
    return refuse(403, "Forbidden: the request came from another origin.");
  }
  if (request.headers.get("x-debug-token") !== state.token) {
    return refuse(403, "The server has restarted. Reload the page.");
  }
  const question = await readQuestion(request);
  if (!question) return refuse(400, "The body must be a JSON object.");
  if (lock?.attempts === 0) {
    return refuse(423, "There were too many wrong PINs. Restart the server to unlock the page.");
  }
  if (name === "unlock") {
    if (!lock) return jsonResponse(request, 200, {});
    const secure = new URL(request.url).protocol === "https:";
    const pin = typeof question.pin === "string" ? question.pin : "";
    const attempt = await lock.tryPin(pin, path, secure);
    if (typeof attempt === "object") {
      return jsonResponse(request, 200, {}, { "set-cookie": attempt.cookie });
    }
    return attempt === "locked" || lock.attempts === 0
      ? refuse(423, "That was one wrong PIN too many. Restart the server to unlock the page.")
      : refuse(401, `Wrong PIN. ${lock.attempts} attempts are left.`);
  }
  if (lock && !await lock.isOpenFor(request)) {
    state.settings.log(`debug: the PIN is ${lock.pin}`);
    return refuse(401, "The terminal of the server shows a PIN, which unlocks the page.");
  }
  const error = typeof question.error === "string" ? state.find(question.error) : undefined;
  if (!error) {
    return refuse(
      410,
      "This error has expired: the server has restarted, or it is too old. Reproduce it.",
    );
  }
  const result = await resultOf(name, error, question, state);
  return result
    ? jsonResponse(request, 200, result)
    : refuse(410, "This frame or value is not kept alive, so it cannot be read.");
}

/** The result of a command; `undefined` when the frame or the value is not kept alive. */
async function resultOf(
  name: string,
  error: Inspectable,
  { frame: number, id, source }: Question,
  state: DebugState,
): Promise<object | undefined> {
  if (name === "request") return error.request;
  const live = typeof number === "number" ? error.frame(number) : undefined;
  if (!live) return undefined;
  const { frame, console } = live;
  if (name === "locals") {
    return { members: frame ? inspectScope(frame, { keep: (value) => console.keep(value) }) : [] };
  }
  if (name === "members") {
    const members = console.members(String(id));
    return members && { members };
  }
  const answer = await console.run(String(source));
  if (!("error" in answer)) return answer;
  return { output: answer.output, traceback: await state.traceback(answer.error) };
}

async function readQuestion(request: Request): Promise<Question | undefined> {
  try {
    const value: unknown = await nativeRequest(request).json();
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
