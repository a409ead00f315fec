/** A debugger whose time, terminal and environment are ours. */
import type { Handler } from "handwerk";
import type { CapturedFrame, DebugOptions, FrameCapture } from "handwerk/debug";
import { debugOn, type Deps } from "../../src/debug/debug.ts";
import { readPlatform } from "../../src/platform/environment.ts";

export interface Debugged {
  readonly app: Handler<readonly unknown[]>;
  /** What the terminal shows. */
  readonly logged: string[];
  /** The waits that were asked for. */
  readonly waits: number[];
  /** Lets time pass. */
  readonly pass: (milliseconds: number) => void;
  /** Asks for the page or for a command with the fields of a browser on the same machine. */
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly ask: (command: string, question: unknown, init?: RequestInit) => Promise<Response>;
  /** The token of its pages. */
  readonly token: () => Promise<string>;
}

export const HOST = { host: "localhost:3000" };
const ORIGIN = "http://localhost:3000";

type Made = Partial<Deps> & { readonly variables?: Readonly<Record<string, string>> };

/** A debugger that is enabled. */
export function debugged(
  inner: Handler<readonly unknown[]>,
  options: DebugOptions = {},
  ground: Made = {},
): Debugged {
  return debuggedAs(inner, { enabled: true, ...options }, ground);
}

/** A debugger with these options and no others. */
export function debuggedAs(
  inner: Handler<readonly unknown[]>,
  options: DebugOptions,
  ground: Made,
): Debugged {
  const logged: string[] = [];
  const waits: number[] = [];
  // Clocks of runtimes have fractions of a millisecond.
  let time = 43_200_990.0399;
  const app = debugOn({ log: (text) => logged.push(text), ...options }, {
    ...readPlatform(),
    variable: (name) => ground.variables?.[name],
    edge: false,
    colours: false,
    now: () => time,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
    ...ground,
  })(inner);
  const result: Debugged = {
    app,
    logged,
    waits,
    pass: (milliseconds) => void (time += milliseconds),
    get: async (path, headers = {}) =>
      await app(new Request(ORIGIN + path, { headers: { ...HOST, ...headers } })),
    ask: async (command, question, init = {}) => {
      const headers = new Headers({
        ...HOST,
        "content-type": "application/json",
        "x-debug-token": await result.token(),
        "origin": ORIGIN,
        "sec-fetch-site": "same-origin",
      });
      for (const [name, value] of new Headers(init.headers)) {
        if (value === "-") headers.delete(name);
        else headers.set(name, value);
      }
      const body = init.method === undefined ? JSON.stringify(question) : null;
      return await app(
        new Request(`${ORIGIN}/__debug/${command}`, { method: "POST", body, ...init, headers }),
      );
    },
    token: async () =>
      /data-token="([^"]+)"/.exec(await (await result.get("/__debug")).text())?.[1] ?? "",
  };
  return result;
}

/** A provider that keeps one frame of each error that is thrown: the top line of its stack. */
export function fakeFrames(
  variables: Readonly<Record<string, unknown>>,
  frameOf: (error: unknown) => Pick<CapturedFrame, "url" | "line" | "column" | "name">,
): FrameCapture {
  return {
    status: "live",
    run: (work) => work(),
    framesOf: (error) => [[{
      ...frameOf(error),
      scopes: [{ kind: "local", names: Object.keys(variables) }],
      evaluate(source) {
        if (source in variables) return variables[source];
        throw new ReferenceError(`${source} is not defined`);
      },
    }]],
    dispose() {},
  };
}
