/** The transports that Node has besides the one it chooses. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { proxyTo } from "handwerk";
import { agentTransport, httpTransport } from "../../src/platform/node_adapter.ts";
import { connector } from "../../src/transport/node_connect.ts";
import { runtimeTransport } from "../../src/platform/current.ts";
import type { AgentConstructor } from "../../src/transport/undici.ts";
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

for (const [name, transport] of Object.entries({ "undici 8": runtimeTransport(), ...others })) {
  test(`${name}: connecting to an upstream that accepts no connection times out`, async () => {
    const hole = await blackHole();
    const app = proxyTo(hole.url, { transport, onError: () => {}, timeout: { connect: 100 } });
    const response = await app(new Request("http://front/", { method: "POST" }));
    assert.equal(response.status, 504);
    assert.match(response.headers.get("proxy-status") ?? "", /error=connection_timeout/);
    hole.close();
  });
}

test("an abandoned connection attempt times out by itself", async () => {
  const hole = await blackHole();
  const { port } = new URL(hole.url);
  const connecting = (connectTimeout: number): { socket: Socket; settled: Promise<unknown> } => {
    const where = { hostname: "127.0.0.1", port, protocol: "http:" };
    const { promise: settled, resolve } = Promise.withResolvers<unknown>();
    const socket = connector({ connectTimeout })(
      where,
      (error) => resolve([connectTimeout, error]),
    );
    return { socket, settled };
  };
  const longer = connecting(60_000);
  const [which, error] = await Promise.race([longer.settled, connecting(50).settled]) as [
    number,
    NodeJS.ErrnoException,
  ];
  assert.deepEqual([which, error.code], [50, "ETIMEDOUT"]);
  longer.socket.destroy(new Error("enough"));
  hole.close();
});

/** An upstream that listens and takes nothing, with no more room for those that wait. */
async function blackHole(): Promise<{ readonly url: string; close(): void }> {
  const code = "const s = require('node:net').createServer();" +
    "s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port));";
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await once(child.stdout, "data") as [Buffer];
  child.kill("SIGSTOP");
  const port = Number(text.toString());
  const waiting = Array.from({ length: 8 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  // Those that there was room for; the others wait as the upstream's next client will.
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      for (const socket of waiting) socket.destroy();
      child.kill("SIGKILL");
    },
  };
}

for (const name of ["undici", "undici7"]) {
  test(`${name}: the private path of the agent has the public class, and leaves Node's fetch alone`, () => {
    const script = `
      const dispatcher = Symbol.for("undici.globalDispatcher.1");
      const Agent = require("${name}/lib/dispatcher/agent.js");
      const before = globalThis[dispatcher];
      console.log(before === undefined, Agent === require("${name}").Agent);`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    assert.equal(stdout, "true true\n");
  });
}

test("undici leaves the dispatcher of Node's fetch alone", async () => {
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
