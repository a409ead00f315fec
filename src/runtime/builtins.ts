/**
 * Node's built-in modules without an import of them: a bundler for Workers never sees one, and a
 * runtime that lacks one says so.
 *
 * @module
 */

/** The modules that are asked for in this way. */
export interface BuiltinModules {
  /** Context that follows asynchronous work. */
  readonly "node:async_hooks": typeof import("node:async_hooks");
  /** The debugger of the engine. */
  readonly "node:inspector": typeof import("node:inspector");
  /** Resolution of module specifiers. */
  readonly "node:module": typeof import("node:module");
  /** File URLs. */
  readonly "node:url": typeof import("node:url");
  /** What an object is, without asking it. */
  readonly "node:util": typeof import("node:util");
  /** Scripts with a time limit. */
  readonly "node:vm": typeof import("node:vm");
}

interface Runtime {
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => unknown;
    readonly versions?: Readonly<Record<string, string>>;
  };
  readonly WebSocketPair?: unknown;
}

/** A built-in module, or `undefined` where there is none. */
export function builtinModule<N extends keyof BuiltinModules>(
  name: N,
): BuiltinModules[N] | undefined {
  return (globalThis as Runtime).process?.getBuiltinModule?.(name) as BuiltinModules[N] | undefined;
}

/** What runs this, for people; `"Node"` for nothing that only looks like it. */
export function runtimeName(): "Node" | "Deno" | "Bun" | "Workers" | "unknown" {
  const { process, WebSocketPair } = globalThis as Runtime;
  const versions = process?.versions;
  if (versions?.["deno"]) return "Deno";
  if (versions?.["bun"]) return "Bun";
  if (WebSocketPair !== undefined) return "Workers";
  return versions?.["v8"] && versions["node"] ? "Node" : "unknown";
}
