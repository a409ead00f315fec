/** Prints what the transports of this runtime can do; the rows of tests/support hold them to it. */
import { createRequire } from "node:module";
import type { Transport } from "handwerk";
import { agentTransport, httpTransport } from "../../src/platform/node_adapter.ts";
import { runtimeTransport } from "../../src/platform/current.ts";
import type { AgentConstructor } from "../../src/transport/undici.ts";

function transports(): Record<string, Transport> {
  if ("Deno" in globalThis) return { Deno: runtimeTransport() };
  if ("Bun" in globalThis) return { Bun: runtimeTransport() };
  const undici7: unknown = createRequire(import.meta.url)("undici7/lib/dispatcher/agent.js");
  return {
    "Node, undici 8": runtimeTransport(),
    "Node, undici 7": agentTransport(undici7 as AgentConstructor),
    "Node, node:http": httpTransport(),
  };
}

const told = Object.entries(transports()).map((
  [name, { capabilities }],
) => [name, [...capabilities]]);
console.log(JSON.stringify(Object.fromEntries(told)));
