/**
 * What a debugger can be told.
 *
 * @module
 */
import {
  callback,
  checkOptions,
  type Checks,
  fail,
  flag,
  guardCallback,
  is,
  like,
  listOf,
} from "../config.ts";
import { configuredPath } from "../http/path.ts";
import type { Platform } from "../platform/environment.ts";
import type { FrameCapture } from "./types.ts";
import { configuredHosts } from "./same_origin.ts";
import type { FrameModel, Report } from "./model.ts";

/** Options of `debug`. */
export interface DebugOptions {
  /**
   * Whether errors are shown. Default: only where `NODE_ENV` or `DENO_ENV` is `development`. In
   * production errors are never shown, whatever this says.
   */
  readonly enabled?: boolean;
  /** Keeps the frames of errors alive, for variables and consoles: `liveFrames()`. Default: none. */
  readonly live?: FrameCapture;
  /**
   * The PIN that unlocks secrets, variables and consoles. Default: `HANDWERK_PIN` in the environment,
   * or nine random digits, which the terminal shows. `false` asks for none, and then the address of
   * the client must be known to be this machine's.
   */
  readonly pin?: string | false;
  /**
   * The hosts that requests may be for; `.localhost` is any name below `localhost`. Default:
   * `localhost`, `.localhost`, `127.0.0.1` and `[::1]`.
   */
  readonly trustedHosts?: readonly string[];
  /** The path of the debugger's own pages. Default: `/__debug`. */
  readonly path?: string;
  /** Whether there is a console without an error, at `/__debug/console`. Default: `false`. */
  readonly console?: boolean;
  /**
   * A URL that opens a file in the editor, with `{file}`, `{line}` and `{column}`:
   * `vscode://file/{file}:{line}:{column}`. Default: no links.
   */
  readonly editor?: string;
  /**
   * Is given what a terminal should show. What it throws or rejects with goes to `console.error`.
   * Default: `console.error`.
   */
  readonly log?: (text: string) => void;
  /** Renders the page in our place. Scripts and styles in it need the nonce. Default: our page. */
  readonly render?: (report: Report, nonce: string) => string;
  /**
   * Tells the address of the client, from the request and what the host passes after it. Default:
   * what Deno, Bun and `serve` for Node tell.
   */
  readonly clientAddress?: (request: Request, ...args: readonly unknown[]) => string | undefined;
  /**
   * Whether a proxy of yours is in front, so that requests with `Forwarded`, `X-Forwarded-For` and
   * the like are answered. Default: `false`, because such a request may come from anywhere.
   */
  readonly trustedProxies?: boolean;
  /** Leaves a frame out. Default: all frames are shown. */
  readonly filterFrame?: (frame: FrameModel) => boolean;
}

/** Options, checked and complete. */
export interface DebugSettings extends DebugOptions {
  readonly trustedHosts: readonly string[];
  readonly path: string;
  readonly console: boolean;
  readonly trustedProxies: boolean;
  readonly edge: boolean;
  readonly log: (text: string) => void;
}

const LOCAL = ["localhost", ".localhost", "127.0.0.1", "[::1]"];
const SHORTEST_PIN = 6;
const OPTIONS: Checks<DebugOptions> = {
  enabled: flag,
  live: like("a FrameCapture, such as liveFrames()", "run"),
  pin: (value, where) => {
    if (typeof value === "string") checkPin("pin", value);
    else if (value !== false) fail(where, value, "a text of 6 characters or more, or false");
  },
  trustedHosts: listOf(() => {}, '"localhost"'),
  path: is(
    (value) => typeof value === "string" && configuredPath("debug: path", value) !== "",
    'a path that is not the root, such as "/__debug"',
  ),
  console: flag,
  editor: is(
    (value) =>
      typeof value === "string" && value.includes("{file}") &&
      !/^(?:javascript|data):/i.test(value),
    'a URL with {file} in it, such as "vscode://file/{file}:{line}:{column}"',
  ),
  log: callback,
  render: callback,
  clientAddress: callback,
  trustedProxies: flag,
  filterFrame: callback,
};

/** Variables that hosts for production set. */
const PRODUCTION = [
  "DENO_DEPLOYMENT_ID",
  "VERCEL",
  "AWS_LAMBDA_FUNCTION_NAME",
  "K_SERVICE",
  "FUNCTION_TARGET",
  "WEBSITE_INSTANCE_ID",
  "DYNO",
  "FLY_APP_NAME",
  "RAILWAY_ENVIRONMENT",
  "RENDER",
  "NETLIFY",
];

/**
 * Checks options.
 *
 * @throws {TypeError} Naming the option and the remedy.
 */
export function configure(options: DebugOptions, { edge }: Pick<Platform, "edge">): DebugSettings {
  checkOptions("debug", options, OPTIONS);
  const { trustedHosts = LOCAL, path = "/__debug" } = options;
  return {
    ...options,
    edge,
    path: configuredPath("debug: path", path),
    trustedHosts: configuredHosts(trustedHosts),
    console: options.console ?? false,
    trustedProxies: options.trustedProxies ?? false,
    log: options.log ? guardCallback("debug: log", options.log) : console.error,
  };
}

/** Refuses a PIN that is guessed too soon. */
export function checkPin(option: string, pin: string): void {
  if (pin.replaceAll(/[\s-]/g, "").length >= SHORTEST_PIN) return;
  throw new TypeError(
    `debug: ${option} is shorter than ${SHORTEST_PIN} characters; leave it out for a random one`,
  );
}

/** Whether errors are shown: not in production, and only where that is wanted. */
export function isEnabled(
  { enabled, log }: DebugSettings,
  { variable }: Pick<Platform, "variable">,
): boolean {
  const mode = (name: string): string => (variable(name) ?? "").trim().toLowerCase();
  const modes = new Set([mode("NODE_ENV"), mode("DENO_ENV")]);
  const production = modes.has("production")
    ? "the environment says production"
    : PRODUCTION.find((name) => variable(name));
  if (production !== undefined) {
    if (enabled) log(`debug: off, although it is enabled, because of ${production}`);
    return false;
  }
  return enabled ?? modes.has("development");
}
