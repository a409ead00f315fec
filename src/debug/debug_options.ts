/**
 * The options of `debug`: their types, checks and defaults.
 *
 * @module
 */
import {
  callback,
  type Complete,
  fail,
  flag,
  guardCallback,
  is,
  isRecord,
  listOf,
  readOptions,
  shape,
  type Table,
  text,
  whole,
} from "../config.ts";
import { networks } from "../http/ip.ts";
import { configuredPath } from "../http/path.ts";
import { isAuthority } from "../http/request_target.ts";
import type { Platform } from "../platform/environment.ts";
import type { FrameModel, Report } from "./types.ts";

/** Options of `debug`. */
export interface DebugOptions {
  /**
   * Whether errors are shown. In production they never are.
   *
   * @default true if `NODE_ENV` or `DENO_ENV` is `development`
   */
  readonly enabled?: boolean;
  /**
   * Keeps the frames of what is thrown alive, for variables and consoles: eight of a stack, or
   * `frames`. On Node only; elsewhere the page says why there are none.
   *
   * - The frames are those of the synchronous part of the stack, without `node_modules`. A function
   *   that awaits the one that throws has none, unless it catches and rethrows the error.
   * - Variables show their current values, not those at the time of the throw. Variables that the
   *   engine has optimised away, and outer ones that a function does not use, are missing.
   * - Frames live as long as the error is held, and hold everything that they can see.
   * - Each `await` of the process takes about a microsecond longer; each exception during a request
   *   takes one or two milliseconds. After more than 50 exceptions in a second, nothing is captured
   *   for five seconds; if they continue, for longer.
   * - It is off while another debugger is attached or may be, and where the process is not allowed to
   *   debug itself or to make code from strings.
   *
   * @default false
   */
  readonly live?: boolean | { readonly frames?: number };
  /**
   * The PIN that unlocks secrets, variables and consoles. With `false` there is none, and the client
   * must be known to be this machine.
   *
   * @default the variable `HANDWERK_PIN` of the environment, or nine random digits in the terminal
   */
  readonly pin?: string | false;
  /**
   * The hosts that requests may be for. `.localhost` is any name below `localhost`.
   *
   * @default ["localhost", ".localhost", "127.0.0.1", "[::1]"]
   */
  readonly trustedHosts?: readonly string[];
  /**
   * The path of the debugger's own pages.
   *
   * @default "/__debug"
   */
  readonly path?: string;
  /**
   * Whether there is a console that belongs to no error, at `/__debug/console`.
   *
   * @default false
   */
  readonly console?: boolean;
  /**
   * The URL that opens a file in your editor, with `{file}`, `{line}` and `{column}`, such as
   * `vscode://file/{file}:{line}:{column}`. Without it there are no links.
   */
  readonly editor?: string;
  /**
   * Called with each text for the terminal. Its errors go to `console.error`.
   *
   * @default console.error
   */
  readonly log?: (text: string) => void;
  /** Renders the page of an error instead of ours. Scripts and styles need the nonce. */
  readonly render?: (report: Report, nonce: string) => string;
  /**
   * Returns the address at the other end of the connection, from the request and the arguments that
   * the host passes after it.
   *
   * @default the address that Deno, Bun, Workers and `serve` of `handwerk/node` provide
   */
  readonly clientAddress?: (request: Request, ...args: readonly unknown[]) => string | undefined;
  /**
   * The addresses and networks of your proxies, such as `10.0.0.0/8`. A request with `Forwarded`,
   * `X-Forwarded-*` and the like is refused unless it comes from one of them; then the client and the
   * host are those of these headers.
   *
   * @default []
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Returns whether a frame is shown.
   *
   * @default () => true
   */
  readonly filterFrame?: (frame: FrameModel) => boolean;
}

const SHORTEST_PIN = 6;
const LIVE = shape<{ frames?: number }>({ frames: whole(1) });
/** The options without a default. */
type Open = "enabled" | "pin" | "editor" | "render" | "clientAddress";
const OPTIONS: Table<DebugOptions, Exclude<keyof DebugOptions, Open>> = {
  enabled: flag,
  live: [(value, where) => {
    if (typeof value === "boolean") return;
    if (!isRecord(value)) fail(where, value, "true, false or an object such as { frames: 8 }");
    LIVE(value, where);
  }, false],
  pin: (value, where) => {
    if (typeof value === "string") checkPin("pin", value);
    else if (value !== false) fail(where, value, "a text of 6 characters or more, or false");
  },
  trustedHosts: [
    listOf(
      is(
        (host) => typeof host === "string" && !/:\d+$|\/|\*|^\.?$/.test(host) && isAuthority(host),
        'a name without a port, such as "localhost" or ".localhost"',
      ),
      '"localhost"',
    ),
    ["localhost", ".localhost", "127.0.0.1", "[::1]"],
  ],
  path: [
    is(
      (value) => typeof value === "string" && configuredPath("debug: path", value) !== "",
      'a path that is not the root, such as "/__debug"',
    ),
    "/__debug",
  ],
  console: [flag, false],
  editor: is(
    (value) =>
      typeof value === "string" && value.includes("{file}") &&
      !/^(?:javascript|data):/i.test(value),
    'a URL with {file} in it, such as "vscode://file/{file}:{line}:{column}"',
  ),
  log: [callback, (text) => console.error(text)],
  render: callback,
  clientAddress: callback,
  trustedProxies: [
    listOf(text('an address or a network such as "10.0.0.0/8"'), '"10.0.0.0/8"'),
    [],
  ],
  filterFrame: [callback, () => true],
};

/** Checked options, with their defaults. */
export interface DebugSettings extends Complete<DebugOptions, typeof OPTIONS> {
  readonly isTrustedProxy: (address: string) => boolean;
  readonly edge: boolean;
}

/** Variables of the environment that hosting platforms set. */
const PRODUCTION = (
  "DENO_DEPLOYMENT_ID VERCEL AWS_LAMBDA_FUNCTION_NAME K_SERVICE FUNCTION_TARGET WEBSITE_INSTANCE_ID " +
  "DYNO FLY_APP_NAME RAILWAY_ENVIRONMENT RENDER NETLIFY"
).split(" ");

/**
 * Checks options.
 *
 * @throws {TypeError} When an option is wrong.
 */
export function configure(options: DebugOptions, { edge }: Pick<Platform, "edge">): DebugSettings {
  const settings = readOptions("debug", options, OPTIONS);
  return {
    ...settings,
    trustedHosts: settings.trustedHosts.map((host) => host.toLowerCase()),
    path: configuredPath("debug: path", settings.path),
    log: guardCallback("debug: log", settings.log),
    isTrustedProxy: networks("debug: trustedProxies:", settings.trustedProxies),
    edge,
  };
}

/** Refuses a PIN that can be guessed. */
export function checkPin(option: string, pin: string): void {
  if (pin.replaceAll(/[\s-]/g, "").length >= SHORTEST_PIN) return;
  throw new TypeError(
    `debug: ${option} is shorter than ${SHORTEST_PIN} characters; leave it out for a random one`,
  );
}

/** Whether errors are shown: never in production, and only if that is wanted. */
export function isEnabled(
  { enabled, log }: DebugSettings,
  { variable }: Pick<Platform, "variable">,
): boolean {
  const mode = (name: string): string => (variable(name) ?? "").trim().toLowerCase();
  const modes = new Set([mode("NODE_ENV"), mode("DENO_ENV")]);
  const production = modes.has("production")
    ? "NODE_ENV or DENO_ENV is production"
    : PRODUCTION.find((name) => variable(name));
  if (production !== undefined) {
    if (enabled) log(`debug: off, although enabled is true, because of ${production}`);
    return false;
  }
  return enabled ?? modes.has("development");
}
