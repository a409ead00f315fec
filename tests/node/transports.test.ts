/** The transports that Node has besides the one it chooses. */
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { agentTransport, httpTransport } from "../../src/runtime/node.ts";
import { runtimeTransport } from "../../src/runtime/transport.ts";
import type { AgentConstructor } from "../../src/runtime/undici.ts";
import { connectionTests } from "../support/connection_tests.ts";
import { transportTests } from "../support/transport_tests.ts";
import { wireTests } from "../support/wire_tests.ts";

const undici7: unknown = createRequire(import.meta.url)("undici7/lib/dispatcher/agent.js");
const others = {
  "node:http": httpTransport(),
  "undici 7": agentTransport(undici7 as AgentConstructor),
};
for (const [name, transport] of Object.entries(others)) {
  transportTests(name, transport);
  connectionTests(name, transport);
  wireTests(name, transport);
}

test("undici is loaded with the first request, and leaves Node's fetch alone", async () => {
  const dispatcher = Symbol.for("undici.globalDispatcher.1");
  const before = Reflect.get(globalThis, dispatcher) as unknown;
  const server = http.createServer((_, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const url = new URL(`http://127.0.0.1:${port}`);
  const { signal } = new AbortController();
  const request = { url, method: "GET", host: url.host, fields: [], body: null, signal };
  const { status } = await runtimeTransport().send(request);
  assert.equal(status, 200);
  assert.equal(Reflect.get(globalThis, dispatcher), before);
  server.closeAllConnections();
  server.close();
});
