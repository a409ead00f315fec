/**
 * Node: undici's agent, loaded with the first request; without undici, Node's own `http`.
 *
 * @module
 */
import type { Capability, Transport } from "../transport/transport.ts";
import { builtin } from "../runtime.ts";
import { httpSend } from "../transport/node_http.ts";
import { http2Send } from "../transport/node_http2.ts";
import { httpUpgrade } from "../transport/node_upgrade.ts";
import { resending } from "../transport/stale.ts";
import { type AgentConstructor, undiciSend } from "../transport/undici.ts";

/** The agent alone: the whole of undici would replace the dispatcher behind Node's fetch. */
const AGENT = "undici/lib/dispatcher/agent.js";

/** A bundle finds the undici of the folder that it lies in, which may be an older one. */
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

/** Sends with undici where it is installed, else with Node's own `http`. */
export function nodeTransport(): Transport {
  const loadAgent = findAgent();
  if (!loadAgent) return httpTransport();
  let send: Transport["send"] | undefined;
  return withHttp2((request) => (send ??= undiciSend(loadAgent()))(request));
}

/**
 * Finds undici without loading it. It is not imported: a bundler would follow the import, on Workers
 * for nothing, and in an ES module for Node undici's own `require` of Node's modules fails.
 */
function findAgent(): (() => AgentConstructor) | undefined {
  try {
    // A bundle in CommonJS has no `import.meta.url`.
    const from = (import.meta.url as string | undefined) ??
      builtin("node:path").resolve("bundle.cjs");
    const load = builtin("node:module").createRequire(from);
    const { version } = load("undici/package.json") as { readonly version: string };
    if (!SUPPORTED.test(version)) return undefined;
    const path = load.resolve(AGENT);
    return () => load(path) as AgentConstructor;
  } catch {
    return undefined;
  }
}

/** Sends with an agent that was imported. */
export function agentTransport(Agent: AgentConstructor): Transport {
  return withHttp2(undiciSend(Agent));
}

/** Sends with what Node itself has. */
export function httpTransport(): Transport {
  return withHttp2(httpSend());
}

function withHttp2(sendPlain: Transport["send"]): Transport {
  return {
    capabilities: CAPABILITIES,
    send: http2Send(resending(sendPlain)),
    upgrade: httpUpgrade,
  };
}
