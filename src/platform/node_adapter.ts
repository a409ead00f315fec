/**
 * Node: requests with undici's agent, or with `node:http` where undici is not installed.
 *
 * @module
 */
import { builtin } from "../runtime.ts";
import { httpSend, httpUpgrade } from "../transport/node_http.ts";
import { http2Send } from "../transport/node_http2.ts";
import type { Capability, Transport } from "../transport/transport.ts";
import { type AgentConstructor, undiciSend } from "../transport/undici.ts";

/**
 * The module of the public class `Agent`; a test holds it to that, in undici 7 and 8. The entry of
 * undici cannot be used: it replaces the dispatcher behind Node's own `fetch` for the whole process,
 * and takes three times as long to load.
 */
const AGENT = "undici/lib/dispatcher/agent.js";

/** A bundle finds the undici that is installed beside it, which may be an older one. */
const SUPPORTED = /^[78]\./;

const CAPABILITIES: ReadonlySet<Capability> = new Set([
  "host",
  "anyMethod",
  "getContent",
  "tls",
  "servername",
  "insecureTls",
  "unix",
  "http2",
  "priorKnowledge",
  "upgrade",
  "connected",
  "information",
  "trailers",
]);

/**
 * Sends with undici where it is installed, else with `node:http`, which is slower. Undici is loaded
 * with the first request.
 */
export function nodeTransport(): Transport {
  let send: Transport["send"] | undefined;
  return nodeTransportOf((request) => (send ??= chooseSend())(request));
}

function chooseSend(): Transport["send"] {
  const Agent = loadAgent();
  return Agent ? undiciSend(Agent) : httpSend();
}

/**
 * Loads undici if it is installed. It is not imported: a bundler would follow the import, and in an
 * ES module for Node, undici's own `require` of Node's modules fails.
 */
function loadAgent(): AgentConstructor | undefined {
  try {
    // A bundle in CommonJS has no `import.meta.url`.
    const from = (import.meta.url as string | undefined) ??
      builtin("node:path").resolve("bundle.cjs");
    const load = builtin("node:module").createRequire(from);
    const { version } = load("undici/package.json") as { readonly version: string };
    return SUPPORTED.test(version) ? load(AGENT) as AgentConstructor : undefined;
  } catch {
    return undefined;
  }
}

/** Sends with an agent that is already loaded. */
export function agentTransport(Agent: AgentConstructor): Transport {
  return nodeTransportOf(undiciSend(Agent));
}

/** Sends with `node:http`. */
export function httpTransport(): Transport {
  return nodeTransportOf(httpSend());
}

function nodeTransportOf(send: Transport["send"]): Transport {
  return { capabilities: CAPABILITIES, send: http2Send(send), upgrade: httpUpgrade };
}
