/**
 * Node's own modules, on the runtimes that have them.
 *
 * @module
 */
interface Modules {
  readonly "node:http": typeof import("node:http");
  readonly "node:https": typeof import("node:https");
  readonly "node:module": typeof import("node:module");
  readonly "node:net": typeof import("node:net");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:tls": typeof import("node:tls");
}
type Builtin = <Id extends keyof Modules>(id: Id) => Modules[Id];

/** One of Node's modules. Not imported, because a bundler for Workers would look for it. */
export function builtin<Id extends keyof Modules>(id: Id): Modules[Id] {
  const { process } = globalThis as unknown as { process: { getBuiltinModule: Builtin } };
  return process.getBuiltinModule(id);
}
