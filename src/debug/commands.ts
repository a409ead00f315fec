/**
 * The commands of a page. Each is a POST of JSON with the token of this process, which a page of
 * another site can neither read nor send.
 *
 * @module
 */
import { nativeRequest } from "../host/host_request.ts";
import type { CapturedFrame } from "./types.ts";
import type { FrameConsole } from "./console/mod.ts";
import { isOwnOrigin } from "./same_origin.ts";
import type { Member } from "./inspected.ts";
import type { Lock } from "./lock.ts";
import type { RequestModel } from "./redact.ts";
import { jsonResponse } from "./page_response.ts";

/** A frame that can be asked about. */
export interface LiveFrame {
  /** The frame; `undefined` for the console that belongs to no error. */
  readonly frame: CapturedFrame | undefined;
  /** Its console. */
  readonly console: FrameConsole;
}

/** An error that can be asked about. */
export interface Askable {
  /** The request that failed, with its secrets. */
  readonly request: RequestModel | undefined;
  /** The frame of that id; `undefined` when it is not kept alive. */
  frame(id: number): LiveFrame | undefined;
}

/** What commands need. */
export interface CommandTools {
  /** The lock; `undefined` where the PIN was turned off, and the address is known to be ours. */
  readonly lock: Lock | undefined;
  /** The token of this process. */
  readonly token: string;
  /** Whether a proxy in front is expected. */
  readonly trustedProxies: boolean;
  /** The path that the cookie is for. */
  readonly path: string;
  /** The error of that id; `undefined` when it is gone. */
  find(id: string): Askable | undefined;
  /** Reads the variables of a frame. */
  inspect(live: LiveFrame): readonly Member[];
  /** Renders what evaluated code threw. */
  traceback(error: unknown): Promise<string>;
  /** Shows the PIN in the terminal. */
  showPin(lock: Lock): void;
}

/** What a page sends. */
interface Question {
  readonly pin?: unknown;
  readonly error?: unknown;
  readonly frame?: unknown;
  readonly id?: unknown;
  readonly source?: unknown;
}

type Command = (
  error: Askable,
  question: Question,
  tools: CommandTools,
) => object | undefined | Promise<object | undefined>;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["request", (error) => error.request],
  ["locals", (error, question, tools) => {
    const live = liveFrame(error, question);
    return live && { members: tools.inspect(live) };
  }],
  ["members", (error, question) => {
    const members = liveFrame(error, question)?.console.members(String(question.id));
    return members && { members };
  }],
  ["evaluate", async (error, question, tools) => {
    const live = liveFrame(error, question);
    if (!live) return undefined;
    const answer = await live.console.run(String(question.source));
    if (!("error" in answer)) return answer;
    return { output: answer.output, traceback: await tools.traceback(answer.error) };
  }],
]);

/** Whether there is a command of that name. */
export function isCommand(name: string): boolean {
  return name === "unlock" || COMMANDS.has(name);
}

/**
 * Answers a command.
 *
 * - 405 when it is no POST, 415 when it is no JSON, 400 when the JSON is none.
 * - 403 when it comes from another site, or without the token.
 * - 401 until the PIN is known, 423 after ten wrong ones.
 * - 410 when the error or the frame is not there any more.
 */
export async function command(
  request: Request,
  name: string,
  tools: CommandTools,
): Promise<Response> {
  const refuse = (status: number, reason: string, fields?: Record<string, string>): Response =>
    jsonResponse(request, status, { reason, locked: status === 401 }, fields);
  const allow = { allow: "POST" };
  if (request.method === "OPTIONS") return jsonResponse(request, 200, {}, allow);
  if (request.method !== "POST") return refuse(405, "Commands are sent with POST.", allow);
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json *(?:;|$)/i.test(type)) return refuse(415, "Commands are JSON.");
  if (!isOwnOrigin(request, tools.trustedProxies)) {
    return refuse(403, "This is for its own page only.");
  }
  if (request.headers.get("x-debug-token") !== tools.token) {
    return refuse(403, "The server has restarted since. Reload the page.");
  }
  const question = await readQuestion(request);
  if (!question) return refuse(400, "This is no JSON object.");
  const { lock } = tools;
  if (lock?.attempts === 0) {
    return refuse(423, "There were too many wrong PINs. Restart the server to unlock the page.");
  }
  if (name === "unlock") return await unlock(request, question, tools);
  if (lock && !await lock.isOpenFor(request)) {
    tools.showPin(lock);
    return refuse(401, "The terminal of the server shows a PIN. It unlocks the page.");
  }
  const error = typeof question.error === "string" ? tools.find(question.error) : undefined;
  if (!error) {
    return refuse(
      410,
      "This error is not kept any more: the server has restarted, or it is too long ago. " +
        "Let it happen again.",
    );
  }
  const answer = await COMMANDS.get(name)?.(error, question, tools);
  return answer ? jsonResponse(request, 200, answer) : refuse(
    410,
    "This frame, or this value, is not kept alive. Its variables cannot be read.",
  );
}

async function unlock(
  request: Request,
  { pin }: Question,
  { lock, path }: CommandTools,
): Promise<Response> {
  if (!lock) return jsonResponse(request, 200, {});
  const secure = new URL(request.url).protocol === "https:";
  const attempt = await lock.tryPin(typeof pin === "string" ? pin : "", path, secure);
  if (typeof attempt === "object") {
    return jsonResponse(request, 200, {}, { "set-cookie": attempt.cookie });
  }
  const { attempts } = lock;
  return attempt === "locked" || attempts === 0
    ? jsonResponse(request, 423, {
      reason: "That was one wrong PIN too many. Restart the server to unlock the page.",
    })
    : jsonResponse(request, 401, {
      locked: true,
      reason: `Wrong PIN. ${attempts} attempts are left.`,
    });
}

function liveFrame(error: Askable, { frame }: Question): LiveFrame | undefined {
  return typeof frame === "number" ? error.frame(frame) : undefined;
}

async function readQuestion(request: Request): Promise<Question | undefined> {
  try {
    const value: unknown = await nativeRequest(request).json();
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
