/** The proxy between real sockets. */
import assert from "node:assert/strict";
import { createServer as createPlainServer } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { proxyTo } from "handwerk";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";
import { exchange, serving } from "../support/real_host.ts";

let upstream: RawUpstream;
beforeEach(async () => {
  upstream = await rawUpstream();
});
afterEach(() => upstream.close());

/** The status, and the error type in `Proxy-Status`. */
const outcome = async (
  target: string,
  accept: string,
  timeout = 10_000,
): Promise<readonly [number, string | null]> => {
  const app = proxyTo(target, { via: "gate", timeout, onError: () => {} });
  const response = await app(
    new Request("http://front/", { headers: { "accept-encoding": accept } }),
  );
  await response.text();
  return [response.status, response.headers.get("proxy-status")];
};

// Deno sends such requests in another way.
for (const accept of ["identity", "gzip"]) {
  test(`Proxy-Status: a refused, a broken and a silent connection (${accept})`, async () => {
    const gone = await rawUpstream();
    gone.close();
    assert.deepEqual(await outcome(gone.url, accept), [502, "gate; error=connection_refused"]);
    upstream.onRequest = (connection) => connection.end();
    assert.deepEqual(await outcome(upstream.url, accept), [
      502,
      "gate; error=connection_terminated",
    ]);
    upstream.onRequest = () => {};
    const silent = await outcome(upstream.url, accept, 200);
    assert.deepEqual(silent, [504, "gate; error=http_response_timeout"]);
  });

  test(`Proxy-Status: a name that does not resolve (${accept})`, async () => {
    const [status, why] = await outcome("http://no-such-host.invalid/", accept);
    assert.ok(status === 502 || status === 504);
    // Without a network, DNS is not asked, which Bun does not report.
    assert.match(why ?? "", /^gate; error=(?:dns_error|dns_timeout|connection_refused)$/);
  });

  test(`Proxy-Status: an upstream without TLS (${accept})`, async () => {
    const plain = createPlainServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const { port } = plain.address() as { port: number };
    const [status, why] = await outcome(`https://127.0.0.1:${port}/`, accept);
    await new Promise((resolve) => plain.close(resolve));
    assert.equal(status, 502);
    assert.equal(why, "gate; error=tls_protocol_error");
  });
}

test("the upstream gets the client's address, and no forged one", async () => {
  const server = await serving(proxyTo(upstream.url, { via: "gate" }));
  const request = "GET /x HTTP/1.1\r\nHost: front.example\r\nX-Forwarded-For: 6.6.6.6\r\n" +
    "X_Forwarded_For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n" +
    "Connection: X-Forwarded-For, X-Forwarded-Host, Via, close\r\n\r\n";
  await exchange(server.port, [request, /ok$/]);
  await server.close();
  const head = upstream.connections.at(-1)?.received ?? "";
  assert.doesNotMatch(head, /6\.6\.6\.6/);
  assert.match(head, /^x-forwarded-host: front\.example\r$/im);
  assert.match(head, /^x-forwarded-proto: http\r$/im);
  assert.match(head, /^via: 1\.1 gate\r$/im);
  const runtime = globalThis as { Deno?: object; Bun?: object };
  if (runtime.Deno || runtime.Bun) assert.match(head, /^x-forwarded-for: 127\.0\.0\.1\r$/im);
});

test("an early response to an upload leaves the connection usable, or closes it", async () => {
  upstream.onRequest = (connection, head) =>
    connection.write(
      head.startsWith("POST")
        ? "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig"
        : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
  const server = await serving(proxyTo(upstream.url, { onError: () => {} }));
  const post = "POST /up HTTP/1.1\r\nHost: front\r\nContent-Length: 20\r\n\r\n0123456789";
  const next = "0123456789GET /next HTTP/1.1\r\nHost: front\r\n\r\n";
  const text = await exchange(server.port, [post, /big/, next, /ok$/]);
  assert.match(text, /^HTTP\/1\.1 413 /);
  // Answered in turn or not at all, and never with the rest of the upload.
  if (/HTTP\/1\.1 [^4]/.test(text)) assert.match(text, /HTTP\/1\.1 200 [\s\S]*ok$/);
  const again = await exchange(server.port, ["GET /next HTTP/1.1\r\nHost: front\r\n\r\n", /ok$/]);
  assert.match(again, /^HTTP\/1\.1 200 /);
  await server.close();
  for (const { received } of upstream.connections) assert.doesNotMatch(received, /[0-9]GET/);
});

test("a client disconnect during the response closes the connection to the upstream", async () => {
  upstream.onRequest = (connection) =>
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  const server = await serving(proxyTo(upstream.url, { onError: () => {} }));
  await exchange(server.port, ["GET / HTTP/1.1\r\nHost: front\r\n\r\n", /first/]);
  await upstream.connections.at(-1)?.closed;
  await server.close();
});

test("a cut response arrives cut", async () => {
  const server = await serving(proxyTo(upstream.url, { onError: () => {} }));
  for (
    const beginning of [
      "Content-Length: 100\r\n\r\nfirst",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    ]
  ) {
    upstream.onRequest = (connection) => {
      connection.write(`HTTP/1.1 200 OK\r\n${beginning}`);
      setTimeout(() => connection.end(), 20);
    };
    const text = await exchange(server.port, ["GET / HTTP/1.1\r\nHost: front\r\n\r\n", /(?!)/]);
    assert.match(text, /first/);
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
  }
  await server.close();
});

test("a handler that returns a response of fetch: content is decoded, fields say so", async () => {
  const content = "compressed ".repeat(10);
  for (
    const [coding, bytes] of [["gzip", gzipSync(content)], [
      "br",
      brotliCompressSync(content),
    ]] as const
  ) {
    upstream.onRequest = (connection) => {
      const fields = `Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      connection.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`), bytes]));
    };
    const fetching = proxyTo(() => fetch(upstream.url), { onError: () => {} });
    const response = await fetching(new Request("http://front/"));
    assert.equal(response.headers.get("content-encoding"), null);
    assert.equal(response.headers.get("content-length"), null);
    assert.equal(await response.text(), content);
    // Bun's fetch can leave content encoded, which does not show; a new response does.
    if ("Bun" in globalThis) {
      const asItComes = proxyTo(async () => {
        const response = await fetch(upstream.url, { decompress: false } as RequestInit);
        return new Response(response.body, response);
      });
      const given = await asItComes(new Request("http://front/"));
      assert.equal(given.headers.get("content-encoding"), coding);
      assert.deepEqual(new Uint8Array(await given.arrayBuffer()), new Uint8Array(bytes));
    }
    // Content that a handler encoded itself stays encoded.
    const headers = { "content-encoding": coding, "content-length": String(bytes.length) };
    const coded = proxyTo(() => new Response(new Uint8Array(bytes), { headers }));
    const raw = await coded(new Request("http://front/"));
    assert.equal(raw.headers.get("content-encoding"), coding);
    assert.deepEqual(new Uint8Array(await raw.arrayBuffer()), new Uint8Array(bytes));
  }
});
