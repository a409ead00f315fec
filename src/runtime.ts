/**
 * Which runtime this is, and the few facts about it that all rooms of `src` need. Everything else is in
 * the adapter of the runtime, in `platform/`. Globals are read at the first call, never at import.
 * Node's built-in modules are looked up and not imported, because a bundler for Workers would try to
 * resolve them.
 *
 * @module
 */

/** The runtimes that are told apart. `"unknown"` is treated as one that has `fetch` alone. */
export type RuntimeName = "Node" | "Deno" | "Bun" | "Workers" | "unknown";

/** The global members that tell runtimes apart. */
interface RuntimeGlobals {
  readonly Deno?: {
    readonly permissions: { querySync(descriptor: object): { readonly state: string } };
    unrefTimer(timer: number): void;
  };
  readonly Bun?: object;
  readonly WebSocketPair?: unknown;
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => unknown;
  };
}

/** The runtime that runs this code. */
export function runtimeName(): RuntimeName {
  const { Deno, Bun, WebSocketPair, process } = globalThis as RuntimeGlobals;
  if (Deno) return "Deno";
  if (Bun) return "Bun";
  // With Node compatibility, Workers have a `process`, too.
  if (WebSocketPair) return "Workers";
  return process?.getBuiltinModule ? "Node" : "unknown";
}

/** The built-in modules that are looked up. */
export interface BuiltinModules {
  readonly "node:async_hooks": typeof import("node:async_hooks");
  readonly "node:fs": typeof import("node:fs");
  readonly "node:http": typeof import("node:http");
  readonly "node:http2": typeof import("node:http2");
  readonly "node:https": typeof import("node:https");
  readonly "node:inspector": typeof import("node:inspector");
  readonly "node:module": typeof import("node:module");
  readonly "node:net": typeof import("node:net");
  readonly "node:path": typeof import("node:path");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:tls": typeof import("node:tls");
  readonly "node:url": typeof import("node:url");
  readonly "node:util": typeof import("node:util");
  readonly "node:vm": typeof import("node:vm");
}

/** A built-in module, or `undefined` where the runtime does not have it. */
export function builtinIfAny<N extends keyof BuiltinModules>(
  name: N,
): BuiltinModules[N] | undefined {
  const { process } = globalThis as RuntimeGlobals;
  return process?.getBuiltinModule?.(name) as BuiltinModules[N] | undefined;
}

/**
 * A built-in module.
 *
 * @throws {Error} When the runtime does not have it.
 */
export function builtin<N extends keyof BuiltinModules>(name: N): BuiltinModules[N] {
  const found = builtinIfAny(name);
  if (!found) throw new Error(`this runtime has no ${name}`);
  return found;
}

/**
 * Whether an operation is permitted without a question to the user, as Deno would ask one. The other
 * runtimes permit everything.
 *
 * @param descriptor A permission as Deno describes it.
 */
export function isPermitted(
  descriptor: { readonly name: string; readonly [key: string]: string },
): boolean {
  const { Deno } = globalThis as RuntimeGlobals;
  return !Deno || Deno.permissions.querySync(descriptor).state === "granted";
}

/** Lets the process end before a timer fires, on runtimes that would wait for it. */
export function unref(timer: unknown): void {
  const { Deno } = globalThis as RuntimeGlobals;
  if (typeof timer === "number") Deno?.unrefTimer(timer);
  else (timer as { unref?(): void } | null)?.unref?.();
}

/** A service binding of Cloudflare Workers. */
export interface ServiceBinding {
  /** Answers a request. */
  fetch(request: Request, init?: object): Response | Promise<Response>;
}

/** Whether an object with a method `fetch` is a service binding: Workers make no plain object. */
export function isServiceBinding(fetcher: object): fetcher is ServiceBinding {
  return "WebSocketPair" in globalThis &&
    Object.prototype.toString.call(fetcher) !== "[object Object]";
}

/** The members of `info` on Deno and of `server` on Bun that are used here. */
interface PlatformArgument {
  readonly remoteAddr?: { readonly hostname?: string };
  requestIP?(request: Request): { readonly address: string } | null;
}

/** The address of the client as the runtime's own server tells it, if it does. */
export function addressFrom(request: Request, args: readonly unknown[]): string | undefined {
  const [argument] = args as readonly [PlatformArgument?];
  switch (runtimeName()) {
    case "Deno":
      return argument?.remoteAddr?.hostname;
    case "Bun":
      return argument?.requestIP?.(request)?.address;
    case "Workers": // Cloudflare sets this header; on any other runtime a client could
      return request.headers.get("cf-connecting-ip") ?? undefined;
    default:
      return undefined;
  }
}

/**
 * Whether Bun has upgraded the client's connection to a WebSocket, so that the handler has no
 * response to return.
 *
 * @param request The request as the host passed it.
 * @param args The platform arguments: `server` on Bun.
 */
export function isUpgraded(request: Request, args: readonly unknown[]): boolean {
  const [server] = args as readonly [PlatformArgument?];
  return "Bun" in globalThis && server?.requestIP?.(request) === null;
}

/**
 * Whether `node:http` runs on Node's own sockets. On Deno and Bun, a server's socket cannot be
 * half-closed, and does not give all bytes that follow the request.
 */
export function hasNodeSockets(): boolean {
  return runtimeName() === "Node";
}

/** Whether the runtime's `fetch` decodes a content coding when the body is read. */
export function fetchDecodes(coding: string): boolean {
  const few = runtimeName() === "Deno" || runtimeName() === "Workers";
  return (few ? /^(?:gzip|br)$/i : /^(?:(?:x-)?gzip|deflate|br|zstd)(?:\s*,|$)/i).test(coding);
}

/** Whether a body that is in memory is read by microtasks alone, without a turn of the event loop. */
export function readsMemoryInMicrotasks(): boolean {
  return runtimeName() === "Deno" || runtimeName() === "Bun";
}
