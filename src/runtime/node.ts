/**
 * Node: undici's agent, loaded with the first request; without undici, Node's own `http`.
 *
 * @module
 */
import type { IncomingResponse, OutgoingRequest, Transport } from "../proxy/transport.ts";
import { httpSend } from "./node_http.ts";
import { type AgentConstructor, undiciSend } from "./undici.ts";

type Send = (request: OutgoingRequest) => Promise<IncomingResponse>;
type Builtin = (id: string) => unknown;

/** Sends with undici where it is installed. */
export function nodeTransport(): Transport {
  let send: Send | undefined;
  return {
    capabilities: new Set(["host", "anyMethod"]),
    send: (request) => (send ??= load())(request),
  };
}

/** Sends with an agent that was imported. */
export function agentTransport(Agent: AgentConstructor): Transport {
  return { capabilities: new Set(["host", "anyMethod"]), send: undiciSend(Agent) };
}

function load(): Send {
  const { getBuiltinModule: builtin } =
    (globalThis as unknown as { process: { getBuiltinModule: Builtin } }).process;
  const { createRequire } = builtin("node:module") as typeof import("node:module");
  // Not an import: a bundler for Workers would follow it, and this is not for Workers.
  const load = createRequire(import.meta.url);
  try {
    // The agent alone: the whole of undici would replace the dispatcher behind Node's fetch.
    return undiciSend(load("undici/lib/dispatcher/agent.js") as AgentConstructor);
  } catch {
    return httpSend(
      builtin("node:http") as typeof import("node:http"),
      builtin("node:https") as typeof import("node:https"),
    );
  }
}
