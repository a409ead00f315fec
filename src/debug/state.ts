/**
 * What one debugger keeps between requests: the errors, the lock and the token.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import type { Platform } from "../platform/environment.ts";
import type { Askable } from "./commands.ts";
import { createConsole, type FrameConsole, inspectScope } from "./console/mod.ts";
import { isLoopback } from "./same_origin.ts";
import { createLock, type Lock, type LockClock } from "./lock.ts";
import { modelOf } from "./model.ts";
import { checkPin, type DebugSettings } from "./debug_options.ts";
import type { PageTools } from "./page/document.ts";
import { renderReport } from "./page/report.ts";
import { type ErrorRecord, recordOf } from "./records.ts";
import { renderError, renderText } from "./render/text.ts";
import type { RouteTools } from "./routes.ts";
import { createStore } from "./store.ts";
import { readThrown } from "./thrown.ts";

/** What a debugger keeps. */
export interface DebugState {
  /** The token of this process. */
  token(): string;
  /** Keeps an error, and shows it in the terminal. */
  record(error: unknown, request: Request, when: string): Promise<ErrorRecord>;
  /** Renders an error. */
  page(record: ErrorRecord, tools: PageTools): string;
  /** What the pages and commands need, for a client at an address. */
  tools(address: string | undefined): Promise<RouteTools>;
}

const MOST_ERRORS = 20;
const LIFETIME = 30 * 60 * 1000;
const UNPROVEN =
  "There is no PIN, and it is not known whether the client is this machine; clientAddress tells.";

/** Makes a desk. Nothing random is made before the first request, when Workers allow it. */
export function createState(settings: DebugSettings, ground: LockClock & Platform): DebugState {
  const { live: frames, log, render, editor, filterFrame: hide = () => false } = settings;
  const given = settings.pin ?? ground.variable("HANDWERK_PIN");
  if (typeof given === "string") checkPin("HANDWERK_PIN", given);
  const records = createStore<ErrorRecord>(
    MOST_ERRORS,
    LIFETIME,
    () => ground.now(),
    (record) => record.dispose(),
  );
  let token: string | undefined;
  let lock: Promise<Lock> | undefined;
  let console: FrameConsole | undefined;
  const alone = (): Askable => ({
    request: undefined,
    frame: () => ({ frame: undefined, console: console ??= createConsole() }),
  });
  const recordTools = { ...ground, frames, hide, createConsole };
  const desk: DebugState = {
    token: () => token ??= crypto.randomUUID(),
    async record(error, request, when) {
      const record = await recordOf(error, request, recordTools);
      records.add(record.report.id, record);
      log(renderText(record.report, ground.colours, when));
      return record;
    },
    page(record, tools) {
      if (render) return requireSync("debug: render", render(record.report, tools.nonce));
      return renderReport(record.report, { ...tools, editor, notice: noticeOf(record, settings) });
    },
    async tools(address) {
      // The address that a host tells is that of the proxy, where there is one.
      const told = !settings.trustedProxies || settings.clientAddress !== undefined;
      const known = told && address !== undefined && isLoopback(address);
      return {
        settings,
        records,
        token: desk.token(),
        lock: given === false ? undefined : await (lock ??= createLock(given, ground)),
        closed: given === false && !known ? UNPROVEN : undefined,
        alone: settings.console ? alone() : undefined,
        inspect: ({ frame, console }) =>
          frame ? inspectScope(frame, { keep: (value) => console.keep(value) }) : [],
        page: (record, page) => desk.page(record, page),
        async traceback(error) {
          const framesOf = (): readonly [] => [];
          const { error: model } = await modelOf(readThrown(error), { ...ground, hide, framesOf });
          return renderError(model);
        },
        showPin: ({ pin }) => log(`debug: the PIN is ${pin}`),
      };
    },
  };
  return desk;
}

/** Why there are no variables to read, for a person. */
function noticeOf({ live }: ErrorRecord, { live: frames }: DebugSettings): string | undefined {
  if (live) return undefined;
  if (!frames) {
    return "Variables and consoles need live frames: debug({ live: liveFrames() }), on Node.";
  }
  const { status } = frames;
  return status === "live"
    ? "No frame of this error was kept alive. It was thrown where nothing could be captured: in " +
      "code of the runtime, or before the request."
    : `Frames are not kept alive: ${status.off}.`;
}
