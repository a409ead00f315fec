/** Several upstreams over real connections, some of which nobody accepts. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { test } from "node:test";
import { type Handler, proxyTo, type TargetOptions } from "handwerk";
import { activeHealth, concurrency, first, retries } from "handwerk/upstreams";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

/** The URL of a port that was just closed. */
async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address);
  return `http://127.0.0.1:${address.port}/`;
}

const through = (target: readonly string[], options: Partial<TargetOptions>): Handler =>
  proxyTo({ target, balance: first(), ...options }, { onError: () => {} });
const request = (method: string, content: string | null = null): Request =>
  new Request("http://front/", { method, body: content });
const answer = (upstream: RawUpstream, whole = /\r\n\r\n/): void => {
  upstream.onRequest = async (connection) => {
    await connection.until(whole);
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    connection.end();
  };
};

test("retries: a refused connection leads to the next upstream, with the complete body or not at all", async () => {
  const upstream = await rawUpstream();
  const app = through([await nobody(), upstream.url], { retry: retries() });
  for (const method of ["GET", "POST", "DELETE"]) {
    answer(upstream);
    const response = await app(request(method));
    assert.deepEqual([response.status, await response.text()], [200, "ok"], method);
  }
  for (const method of ["POST", "PUT"]) {
    const before = upstream.connections.length;
    answer(upstream, /\r\n\r\n(?:content|7\r\ncontent\r\n0\r\n\r\n)$/);
    const response = await app(request(method, "content"));
    await response.text();
    // Where the runtime has taken the content for the first attempt, there is no second.
    assert.equal(upstream.connections.length - before, response.status === 200 ? 1 : 0);
    assert.ok([200, 502].includes(response.status));
  }
  upstream.close();
});

test("retries: only idempotent requests after a reset", async () => {
  const [broken, upstream] = [await rawUpstream(), await rawUpstream()];
  broken.onRequest = (connection) => connection.reset();
  answer(upstream);
  const app = through([broken.url, upstream.url], { retry: retries() });
  const seen = (): number =>
    [...broken.connections, ...upstream.connections]
      .filter(({ received }) => received.startsWith("POST")).length;
  assert.equal(await (await app(request("GET"))).text(), "ok");
  assert.equal((await app(request("POST"))).status, 502);
  assert.equal(seen(), 1);
  for (const each of [broken, upstream]) each.close();
});

test("active health: finds the upstream that responds", async () => {
  const upstream = await rawUpstream();
  answer(upstream);
  const checked = activeHealth({ path: "/health", fails: 1 });
  const app = through([await nobody(), upstream.url], { health: checked });
  assert.equal((await app(request("GET"))).status, 502);
  await checked.check();
  assert.match(upstream.connections[0]?.received ?? "", /^GET \/health HTTP\/1.1\r\n/);
  assert.equal(await (await app(request("GET"))).text(), "ok");
  upstream.close();
});

test("limit: a response that is cut off releases it and stays incomplete", async () => {
  const upstream = await rawUpstream();
  upstream.onRequest = (connection) => {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok");
    connection.end();
  };
  const app = through([upstream.url], { limit: concurrency(1) });
  for (let i = 0; i < 3; i++) {
    const response = await app(request("GET"));
    assert.equal(response.status, 200);
    await assert.rejects(response.text());
  }
  upstream.close();
});

test("active health: an interval does not keep a process alive", () => {
  const module = new URL("../../src/proxy/upstreams/active_health.ts", import.meta.url).href;
  const code = `import { activeHealth } from "${module}";
    activeHealth({ path: "/", interval: 600_000 }).track({}, []);
    console.log("sent");`;
  const args = "Deno" in globalThis
    ? ["eval", "--no-check", code]
    : "Bun" in globalThis
    ? ["-e", code]
    : ["--input-type=module", "-e", code];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.deepEqual([stdout.trim(), status], ["sent", 0]);
});
