/** Uploads through the server of the runtime to raw sockets. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { type Handler, proxyTo, type TargetOptions } from "handwerk";
import { first, mirrorTo, passiveHealth, retries } from "handwerk/upstreams";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";
import { exchange, type RealHost, serving } from "../support/real_host.ts";

let upstream: RawUpstream;
let other: RawUpstream;
let host: RealHost | undefined;
beforeEach(async () => {
  [upstream, other] = [await rawUpstream(), await rawUpstream()];
});
afterEach(async () => {
  upstream.close();
  other.close();
  await host?.close();
  host = undefined;
});

/** The URL of a closed port. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address);
  return `http://127.0.0.1:${address.port}/`;
}
/** Responds to complete requests. */
const answering = (upstream: RawUpstream, end: RegExp): void => {
  upstream.onRequest = async (connection) => {
    await connection.until(end);
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    connection.end();
  };
};
const through = async (
  target: readonly string[],
  options: Partial<TargetOptions> = {},
): Promise<number> => {
  const all = { target, balance: first(), ...options };
  host = await serving(proxyTo(all, { onError: () => {} }));
  return host.port;
};
const head = (method: string, framing: string): string =>
  `${method} /up HTTP/1.1\r\nHost: front\r\nConnection: close\r\n${framing}\r\n\r\n`;
const framings: readonly (readonly [string, string, RegExp])[] = [
  ["Content-Length: 7", "content", /content(?:\r\n0\r\n\r\n)?$/],
  ["Transfer-Encoding: chunked", "7\r\ncontent\r\n0\r\n\r\n", /content(?:\r\n0\r\n\r\n)?$/],
];

for (const [framing, content, end] of framings) {
  test(`retries: after a refused connection all of the content goes to the next upstream (${framing})`, async () => {
    answering(upstream, end);
    const port = await through([await closedPort(), upstream.url], { retry: retries() });
    for (const method of ["POST", "PUT", "PATCH"]) {
      const text = await exchange(port, [head(method, framing) + content, /ok$/]);
      assert.match(text, /^HTTP\/1\.1 200 /, method);
    }
    assert.equal(upstream.connections.length, 3);
  });

  test(`retries: a request that an upstream may have processed is sent again only if idempotent (${framing})`, async () => {
    upstream.onRequest = (connection) => connection.reset();
    answering(other, end);
    const port = await through([upstream.url, other.url], { retry: retries() });
    const post = await exchange(port, [head("POST", framing) + content, /\r\n\r\n/]);
    assert.match(post, /^HTTP\/1\.1 502 /);
    assert.equal(other.connections.length, 0);
    const put = await exchange(port, [head("PUT", framing) + content, /ok$/]);
    assert.match(put, /^HTTP\/1\.1 200 /);
  });
}

test("retries: after a refused connection large content goes to the next upstream", async () => {
  answering(upstream, /END$/);
  const port = await through([await closedPort(), upstream.url], { retry: retries() });
  const content = `${"x".repeat(2_000_000)}END`;
  const text = await exchange(port, [
    head("POST", `Content-Length: ${content.length}`) + content,
    /ok$/,
  ]);
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.ok(upstream.connections[0]?.received.endsWith(content));
});

test("passive health: an upstream that refuses uploads is ejected", async () => {
  answering(upstream, /content$/);
  const port = await through([await closedPort(), upstream.url], {
    health: passiveHealth({ failures: 1 }),
  });
  const post = head("POST", "Content-Length: 7") + "content";
  assert.match(await exchange(port, [post, /\r\n\r\n/]), /^HTTP\/1\.1 502 /);
  for (let i = 0; i < 3; i++) {
    assert.match(await exchange(port, [post, /ok$/]), /^HTTP\/1\.1 200 /);
  }
});

test("mirror: gets all of the content, also after a refused connection", async () => {
  for (const each of [upstream, other]) answering(each, /content$/);
  const port = await through([await closedPort(), upstream.url], {
    retry: retries(),
    mirror: mirrorTo(other.url),
  });
  const post = head("POST", "Content-Length: 7") + "content";
  assert.match(await exchange(port, [post, /ok$/]), /^HTTP\/1\.1 200 /);
  while (other.connections.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await other.connections[0]?.until(/content$/);
});

test("timeout: an upload that takes longer arrives", async () => {
  answering(upstream, /6789/);
  host = await serving(proxyTo(upstream.url, { timeout: 800, onError: () => {} }));
  const parts = "0123456789".split("");
  const { port } = host;
  const slowly = { pace: 150, parts };
  const text = await exchange(port, [head("POST", "Content-Length: 10"), slowly, /ok$/]);
  assert.match(text, /^HTTP\/1\.1 200 /);
});

test("timeout: an upstream that reads everything and does not respond is 504", async () => {
  upstream.onRequest = () => {};
  host = await serving(proxyTo(upstream.url, { timeout: 100, onError: () => {} }));
  const post = head("POST", "Content-Length: 7") + "content";
  assert.match(await exchange(host.port, [post, /\r\n\r\n/]), /^HTTP\/1\.1 504 /);
});

test("a request that a middleware has made has the length of its content", async () => {
  const remade = (text: string): Handler => (request) =>
    proxyTo(upstream.url, { onError: () => {} })(
      new Request(request, { method: "POST", body: text }),
    );
  for (const text of ["much longer than before", "s"]) {
    answering(upstream, new RegExp(`${text}$`));
    host = await serving(remade(text));
    const post = head("POST", "Content-Length: 7") + "content";
    assert.match(await exchange(host.port, [post, /ok$/]), /^HTTP\/1\.1 200 /);
    const received = upstream.connections.at(-1)?.received ?? "";
    assert.match(received, new RegExp(`^content-length: ${text.length}\r$`, "im"));
    assert.doesNotMatch(received, /^transfer-encoding/im);
    await host.close();
    host = undefined;
  }
});

test("a response that a middleware has made has the length of its content", async () => {
  upstream.onRequest = (connection) =>
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Kept: 1\r\n\r\nfour");
  const anew = (text: string) => (response: Response): Response => new Response(text, response);
  for (const text of ["much longer than before", "s", ""]) {
    const inHook = proxyTo(upstream.url, { onResponse: anew(text), onError: () => {} });
    const around: Handler = async (request) =>
      anew(text)(await proxyTo(upstream.url, { onError: () => {} })(request));
    for (const app of [inHook, around]) {
      host = await serving(app);
      const get = "GET / HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n";
      const answer = await exchange(host.port, [get, /(?!)/]);
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.match(answer, new RegExp(`^content-length: ${text.length}\r$`, "im"));
      assert.match(answer, /^x-kept: 1\r$/im);
      assert.equal(answer.split("\r\n\r\n")[1], text);
      await host.close();
      host = undefined;
    }
  }
});
