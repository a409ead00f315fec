/**
 * Node: undici's agent, loaded with the first request; without undici, Node's own `http`.
 *
 * @module
 */
import type { Capability, Transport } from "../proxy/transport.ts";
import { builtin } from "./builtin.ts";
import { httpSend } from "./node_http.ts";
import { httpUpgrade } from "./node_upgrade.ts";
import { type AgentConstructor, undiciSend } from "./undici.ts";

/** The agent alone: the whole of undici would replace the dispatcher behind Node's fetch. */
const AGENT = "undici/lib/dispatcher/agent.js";

const HTTP: readonly Capability[] = [
  "host",
  "anyMethod",
  "tls",
  "servername",
  "insecureTls",
  "unix",
  "upgrade",
  "connected",
  "information",
  "trailers",
];
const UNDICI: readonly Capability[] = [...HTTP, "http2", "priorKnowledge"];

/** Sends with undici where it is installed. */
export function nodeTransport(): Transport {
  // Not an import: a bundler for Workers would follow it, and this is not for Workers.
  const load = builtin("node:module").createRequire(import.meta.url);
  let path: string;
  try {
    path = load.resolve(AGENT);
  } catch {
    return httpTransport();
  }
  let send: Transport["send"] | undefined;
  return {
    capabilities: new Set(UNDICI),
    send: (request) => (send ??= undiciSend(load(path) as AgentConstructor))(request),
    upgrade: httpUpgrade,
  };
}

/** Sends with an agent that was imported. */
export function agentTransport(Agent: AgentConstructor): Transport {
  return { capabilities: new Set(UNDICI), send: undiciSend(Agent), upgrade: httpUpgrade };
}

/** Sends with what Node itself has. */
export function httpTransport(): Transport {
  return { capabilities: new Set(HTTP), send: httpSend(), upgrade: httpUpgrade };
}
