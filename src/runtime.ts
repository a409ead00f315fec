/**
 * Node's built-in modules, on the runtimes that have them. Not imported, because a bundler for
 * Workers would look for them.
 *
 * @module
 */

/** The modules that are asked for in this way. */
export interface BuiltinModules {
  /** Context that follows asynchronous work. */
  readonly "node:async_hooks": typeof import("node:async_hooks");
  /** Files. */
  readonly "node:fs": typeof import("node:fs");
  /** Requests. */
  readonly "node:http": typeof import("node:http");
  /** Requests over HTTP/2. */
  readonly "node:http2": typeof import("node:http2");
  /** Requests over TLS. */
  readonly "node:https": typeof import("node:https");
  /** The debugger of the engine. */
  readonly "node:inspector": typeof import("node:inspector");
  /** Resolution of module specifiers. */
  readonly "node:module": typeof import("node:module");
  /** Connections. */
  readonly "node:net": typeof import("node:net");
  /** Paths of files. */
  readonly "node:path": typeof import("node:path");
  /** Streams of Node's own. */
  readonly "node:stream": typeof import("node:stream");
  /** Connections over TLS. */
  readonly "node:tls": typeof import("node:tls");
  /** File URLs. */
  readonly "node:url": typeof import("node:url");
  /** What an object is, without asking it. */
  readonly "node:util": typeof import("node:util");
  /** Scripts with a time limit. */
  readonly "node:vm": typeof import("node:vm");
}

interface Runtime {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
}

/** A built-in module, or `undefined` where there is none. */
export function builtinIfAny<N extends keyof BuiltinModules>(
  name: N,
): BuiltinModules[N] | undefined {
  return (globalThis as Runtime).process?.getBuiltinModule?.(name) as BuiltinModules[N] | undefined;
}

/**
 * A built-in module.
 *
 * @throws {Error} Where there is none.
 */
export function builtin<N extends keyof BuiltinModules>(name: N): BuiltinModules[N] {
  const found = builtinIfAny(name);
  if (!found) throw new Error(`this runtime has no ${name}`);
  return found;
}

/** A service binding of Cloudflare Workers. */
export interface ServiceBinding {
  fetch(request: Request, init?: object): Response | Promise<Response>;
}

/** Whether a value is a service binding, and not only an object that has a `fetch`. */
export function isServiceBinding(fetcher: object): fetcher is ServiceBinding {
  return "WebSocketPair" in globalThis &&
    Object.prototype.toString.call(fetcher) !== "[object Object]";
}
