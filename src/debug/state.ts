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
import { type Modelled, modelOf } from "./model.ts";
import { NO_ERROR, type PageTools } from "./page/document.ts";
import { renderReport } from "./page/error_page.ts";
import { redacted } from "./redact.ts";
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

/** The number of errors that are kept. */
const MOST_ERRORS = 20;
/** The time that an error is kept, in milliseconds. */
const LIFETIME = 30 * 60 * 1000;

/** The state of a debugger. Random values are made on use: Workers have them only during a request. */
export class DebugState {
  readonly settings: DebugSettings;
  /** Keeps the frames of what is thrown alive, if that is wanted. */
  readonly capture: FrameCapture | undefined;
  readonly records: RecentErrors = new RecentErrors();
  readonly #platform: Platform;
  readonly #pin: string | false | undefined;
  #token: string | undefined;
  #lock: Promise<Lock> | undefined;
  #console: FrameConsole | undefined;

  constructor(settings: DebugSettings, platform: Platform, capture: FrameCapture | undefined) {
    this.settings = settings;
    this.capture = capture;
    this.#platform = platform;
    this.#pin = settings.pin ?? platform.variable("HANDWERK_PIN");
    if (typeof this.#pin === "string") checkPin("HANDWERK_PIN", this.#pin);
  }

  /** The token of this process, which only its pages know. */
  get token(): string {
    return this.#token ??= crypto.randomUUID();
  }

  /** The lock; `undefined` without a PIN. */
  async lock(): Promise<Lock | undefined> {
    return this.#pin === false ? undefined : await (this.#lock ??= createLock(this.#pin));
  }

  /**
   * Keeps an error, and shows it in the terminal: reads what was thrown and its stack, locates the
   * frames in the sources, matches them to live frames, and masks the secrets of the request.
   */
  async record(error: unknown, request: Request, when?: string): Promise<ErrorRecord> {
    // Not the body, which belongs to the application.
    const failed = { method: request.method, url: request.url, headers: [...request.headers] };
    const { error: model, live } = await this.#model(error, this.capture);
    const report: Report = {
      id: crypto.randomUUID(),
      time: new Date().toISOString(),
      error: model,
      request: redacted(failed),
    };
    const record = new ErrorRecord(report, failed, live);
    this.records.add(record);
    this.settings.log(renderText(report, this.#platform.colours, when));
    return record;
  }

  /** The error of an id, or the console that belongs to none. */
  find(id: string): Inspectable | undefined {
    if (id !== NO_ERROR) return this.records.get(id);
    if (!this.settings.console) return undefined;
    const console = this.#console ??= createConsole();
    return { request: undefined, frame: () => ({ frame: undefined, console }) };
  }

  /** Renders the page of an error. */
  page({ report, live }: ErrorRecord, tools: PageTools): string {
    const { render, editor } = this.settings;
    if (render) return requireSync("debug: render", render(report, tools.nonce));
    const notice = live ? undefined : whyNotLive(this.capture);
    return renderReport(report, { ...tools, editor, notice });
  }

  /** An error of evaluated code, as text. */
  async traceback(error: unknown): Promise<string> {
    return renderError((await this.#model(error, undefined)).error);
  }

  #model(error: unknown, capture: FrameCapture | undefined): Promise<Modelled> {
    const { directory } = this.#platform;
    return modelOf(readThrown(error), {
      readText: (file) => this.#platform.readText(file),
      directory,
      filterFrame: this.settings.filterFrame,
      framesOf: (error) => capture?.framesOf(error) ?? [],
    });
  }
}

/** An error that is kept. */
export class ErrorRecord implements Inspectable {
  readonly report: Report;
  readonly request: RequestModel;
  /** Whether any frame of it is kept alive. */
  readonly live: boolean;
  readonly #frames: Map<number, CapturedFrame>;
  readonly #consoles = new Map<number, LiveFrame>();

  constructor(report: Report, request: RequestModel, live: ReadonlyMap<number, CapturedFrame>) {
    this.report = report;
    this.request = request;
    this.live = live.size > 0;
    this.#frames = new Map(live);
  }

  frame(id: number): LiveFrame | undefined {
    const frame = this.#frames.get(id);
    if (!frame) return undefined;
    const known = this.#consoles.get(id) ??
      { frame, console: createConsole(frame.evaluate.bind(frame), frame) };
    this.#consoles.set(id, known);
    return known;
  }

  dispose(): void {
    for (const { console } of this.#consoles.values()) console.dispose();
    this.#consoles.clear();
    this.#frames.clear();
  }
}

/** The recent errors by their ids, which cannot be guessed. The least recently used expires first. */
export class RecentErrors {
  readonly #kept = new Map<string, { readonly record: ErrorRecord; readonly added: number }>();

  get(id: string): ErrorRecord | undefined {
    this.#expire();
    const entry = this.#kept.get(id);
    if (!entry) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, entry);
    return entry.record;
  }

  add(record: ErrorRecord): void {
    this.#kept.set(record.report.id, { record, added: performance.now() });
    this.#expire();
  }

  /** All errors, the newest first. */
  all(): ErrorRecord[] {
    this.#expire();
    return [...this.#kept.values()].toSorted((a, b) => b.added - a.added)
      .map(({ record }) => record);
  }

  #expire(): void {
    for (const [id, { record, added }] of this.#kept) {
      if (this.#kept.size <= MOST_ERRORS && performance.now() - added <= LIFETIME) continue;
      record.dispose();
      this.#kept.delete(id);
    }
  }
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
