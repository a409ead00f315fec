/**
 * The state of a debugger between requests: the recent errors, the lock and the token.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import type { Platform } from "../platform/environment.ts";
import { createConsole, type FrameConsole } from "./console/console.ts";
import { checkPin, type DebugSettings } from "./debug_options.ts";
import { createLock, type Lock } from "./lock.ts";
import { modelOf, type ModelTools } from "./model.ts";
import { NO_ERROR, type PageTools } from "./page/document.ts";
import { renderReport } from "./page/error_page.ts";
import { readRequest, redacted } from "./redact.ts";
import { renderError, renderText } from "./render/text.ts";
import { readThrown } from "./thrown.ts";
import type { CapturedFrame, FrameCapture, Report, RequestModel } from "./types.ts";

/** The console of a frame, or of none. */
export interface LiveFrame {
  readonly frame: CapturedFrame | undefined;
  readonly console: FrameConsole;
}

/** What commands can ask about: an error, or the console that belongs to none. */
export interface Inspectable {
  /** The request that failed, with its secrets. */
  readonly request: RequestModel | undefined;
  /** The frame of an id; `undefined` when it is not kept alive. */
  frame(id: number): LiveFrame | undefined;
}

/** An error that is kept. */
export interface ErrorRecord extends Inspectable {
  readonly report: Report;
  /** Whether any frame of it is kept alive. */
  readonly live: boolean;
  dispose(): void;
}

/** The state of a debugger. */
export interface DebugState {
  readonly settings: DebugSettings;
  /** Keeps the frames of what is thrown alive, if that is wanted. */
  readonly capture: FrameCapture | undefined;
  readonly records: Records;
  /** The token of this process, which only its pages know. */
  token(): string;
  /** The lock; `undefined` without a PIN. */
  lock(): Promise<Lock | undefined>;
  /** Keeps an error, and shows it in the terminal. */
  record(error: unknown, request: Request, when?: string): Promise<ErrorRecord>;
  /** The error of an id, or the console that belongs to none. */
  find(id: string): Inspectable | undefined;
  /** Renders the page of an error. */
  page(record: ErrorRecord, tools: PageTools): string;
  /** An error of evaluated code, as text. */
  traceback(error: unknown): Promise<string>;
}

/** Makes the state. Random values are made later: Workers have them only during a request. */
export function createState(
  settings: DebugSettings,
  platform: Platform,
  capture: FrameCapture | undefined,
): DebugState {
  const { log, filterFrame } = settings;
  const pin = settings.pin ?? platform.variable("HANDWERK_PIN");
  if (typeof pin === "string") checkPin("HANDWERK_PIN", pin);
  const records = recentErrors();
  const tools: ModelTools = {
    readText: (file) => platform.readText(file),
    directory: platform.directory,
    filterFrame,
    framesOf: (error) => capture?.framesOf(error) ?? [],
  };
  let token: string | undefined;
  let lock: Promise<Lock> | undefined;
  let console: FrameConsole | undefined;
  const alone: Inspectable = {
    request: undefined,
    frame: () => ({ frame: undefined, console: console ??= createConsole() }),
  };
  return {
    settings,
    capture,
    records,
    token: () => token ??= crypto.randomUUID(),
    lock: async () => pin === false ? undefined : await (lock ??= createLock(pin)),
    async record(error, request, when) {
      const failed = readRequest(request);
      const { error: model, live } = await modelOf(readThrown(error), tools);
      const report: Report = {
        id: crypto.randomUUID(),
        time: new Date().toISOString(),
        error: model,
        request: redacted(failed),
      };
      const record = recordOf(report, failed, live);
      records.add(record);
      log(renderText(report, platform.colours, when));
      return record;
    },
    find: (id) => id === NO_ERROR ? (settings.console ? alone : undefined) : records.get(id),
    page(record, page) {
      const { render, editor } = settings;
      if (render) return requireSync("debug: render", render(record.report, page.nonce));
      const notice = record.live ? undefined : whyNotLive(capture);
      return renderReport(record.report, { ...page, editor, notice });
    },
    async traceback(error) {
      const { error: model } = await modelOf(readThrown(error), { ...tools, framesOf: () => [] });
      return renderError(model);
    },
  };
}

/** The reason why an error has no variables. */
function whyNotLive(capture: FrameCapture | undefined): string {
  if (!capture) return "Variables and consoles need live frames: debug({ live: true }), on Node.";
  const { status } = capture;
  return status === "live"
    ? "No frame of this error was kept alive. It was thrown where frames cannot be captured: in code " +
      "of the runtime, or before the request."
    : `Frames are not kept alive: ${status.off}.`;
}

function recordOf(
  report: Report,
  request: RequestModel,
  captured: ReadonlyMap<number, CapturedFrame>,
): ErrorRecord {
  const live = new Map(captured);
  const consoles = new Map<number, LiveFrame>();
  return {
    report,
    request,
    live: live.size > 0,
    frame(id) {
      const frame = live.get(id);
      if (!frame) return undefined;
      const known = consoles.get(id) ??
        { frame, console: createConsole(frame.evaluate.bind(frame), frame) };
      consoles.set(id, known);
      return known;
    },
    dispose() {
      for (const { console } of consoles.values()) console.dispose();
      consoles.clear();
      live.clear();
    },
  };
}

/** The recent errors by their ids, which cannot be guessed. */
export interface Records {
  /** The error of an id, which then is the most recently used. */
  get(id: string): ErrorRecord | undefined;
  add(record: ErrorRecord): void;
  /** All errors, the newest first. */
  all(): ErrorRecord[];
}

/** The number of errors that are kept. */
const MOST_ERRORS = 20;
/** The time that an error is kept, in milliseconds. */
const LIFETIME = 30 * 60 * 1000;

function recentErrors(): Records {
  const kept = new Map<string, { readonly record: ErrorRecord; readonly added: number }>();
  const remove = (id: string): void => {
    kept.get(id)?.record.dispose();
    kept.delete(id);
  };
  const expire = (): void => {
    for (const [id, { added }] of kept) if (performance.now() - added > LIFETIME) remove(id);
  };
  return {
    get(id) {
      expire();
      const entry = kept.get(id);
      if (!entry) return undefined;
      kept.delete(id);
      kept.set(id, entry);
      return entry.record;
    },
    add(record) {
      expire();
      kept.set(record.report.id, { record, added: performance.now() });
      for (const [oldest] of kept) {
        if (kept.size <= MOST_ERRORS) break;
        remove(oldest);
      }
    },
    all() {
      expire();
      return [...kept.values()].toSorted((a, b) => b.added - a.added).map(({ record }) => record);
    },
  };
}
