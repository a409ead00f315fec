/** A debugger with a terminal and an environment of the test. */
import type { Handler } from "handwerk";
import type { DebugOptions } from "handwerk/debug";
import { debugOn } from "../../src/debug/debug.ts";
import type { CapturedFrame, FrameCapture } from "../../src/debug/types.ts";
import { type Platform, readPlatform } from "../../src/platform/environment.ts";

export interface Debugged {
  readonly app: Handler<readonly unknown[]>;
  /** The texts for the terminal. */
  readonly logged: string[];
  /** Requests a page or a command with the headers of a browser on the same machine. */
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly ask: (command: string, question: unknown, init?: RequestInit) => Promise<Response>;
  /** The token of its pages. */
  readonly token: () => Promise<string>;
}

export const HOST = { host: "localhost:3000" };
const ORIGIN = "http://localhost:3000";

type Made = Partial<Platform> & {
  readonly variables?: Readonly<Record<string, string>>;
  readonly capture?: FrameCapture;
};

/** A debugger that is enabled. */
export function debugged(
  inner: Handler<readonly unknown[]>,
  options: DebugOptions = {},
  platform: Made = {},
): Debugged {
  return debuggedAs(inner, { enabled: true, ...options }, platform);
}

/** A debugger with these options and no others. */
export function debuggedAs(
  inner: Handler<readonly unknown[]>,
  options: DebugOptions,
  platform: Made,
): Debugged {
  const logged: string[] = [];
  const app = debugOn({ log: (text) => logged.push(text), ...options }, {
    ...readPlatform(),
    variable: (name) => platform.variables?.[name],
    edge: false,
    colours: false,
    ...platform,
  }, platform.capture)(inner);
  const result: Debugged = {
    app,
    logged,
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

/** A capture of one frame of each error: the top line of its stack. */
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
  };
}
