/** Cut responses, through the server of the runtime: the client sees the cut, and onError the reason. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type ProxyOptions, proxyTo } from "handwerk";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";
import { exchange, type RealHost, serving } from "../support/real_host.ts";

let upstream: RawUpstream;
let host: RealHost | undefined;
beforeEach(async () => {
  upstream = await rawUpstream();
});
afterEach(async () => {
  upstream.close();
  await host?.close();
  host = undefined;
});

const framings: Record<string, string> = {
  length: "Content-Length: 100\r\n\r\nthe beginning",
  chunks: "Transfer-Encoding: chunked\r\n\r\nd\r\nthe beginning\r\n",
  close: "Connection: close\r\n\r\nthe beginning",
};
const whole = (text: string): boolean =>
  text.startsWith("HTTP/1.1 200") &&
  (/^content-length: 100\r$/im.test(text)
    ? (text.split("\r\n\r\n")[1] ?? "").length === 100
    : !/^transfer-encoding: chunked/im.test(text) || text.endsWith("0\r\n\r\n"));

const variants: Readonly<Record<string, ProxyOptions>> = {
  "no other option": {},
  onResponse: { onResponse: (response) => response },
  "timeout.idle": { timeout: { idle: 30_000 } },
};
// Bun's fetch takes every end of the connection as the end of such content.
if ("Bun" in globalThis) delete framings["close"];
for (const [framing, head] of Object.entries(framings)) {
  for (const [name, options] of Object.entries(variants)) {
    for (const encoding of ["identity", "gzip"]) {
      test(`content framed by ${framing} that is reset is cut, and reported (${name}, ${encoding})`, async () => {
        upstream.onRequest = async (connection) => {
          connection.write(`HTTP/1.1 200 OK\r\n${head}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          connection.reset();
        };
        const logged: string[] = [];
        const onError: ProxyOptions["onError"] = (_error, { method, url }, asked) => {
          logged.push(`${method} ${new URL(url).pathname} ${asked?.origin}`);
        };
        host = await serving(proxyTo(upstream.url, { ...options, onError }));
        const request = `GET /file HTTP/1.1\r\nHost: front\r\nAccept-Encoding: ${encoding}\r\n\r\n`;
        const text = await exchange(host.port, [request, /0\r\n\r\n$/]);
        assert.ok(!whole(text), text);
        assert.deepEqual(logged, [`GET /file ${upstream.url}`]);
      });
    }
  }
}

test("onError: logs the method, the URL and the upstream by default", async (t) => {
  const logged: unknown[][] = [];
  t.mock.method(console, "error", (...line: unknown[]) => void logged.push(line));
  upstream.onRequest = (connection) => connection.reset();
  host = await serving(proxyTo(upstream.url));
  const request = "POST /form?a HTTP/1.1\r\nHost: front\r\nContent-Length: 0\r\n\r\n";
  await exchange(host.port, [request, /\r\n\r\n/]);
  assert.equal(logged.length, 1);
  assert.equal(logged[0]?.[0], `proxy: POST http://front/form?a from ${upstream.url}/:`);
});
