/** `103 Early Hints` of an upstream, passed on to clients. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { afterEach, beforeEach, test } from "node:test";
import { notFound, proxy, type ProxyOptions } from "handwerk";
import { certificates } from "../support/certificates.ts";
import { close, serving } from "../support/host.ts";
import { rawRequest } from "../support/raw_request.ts";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

let upstream: RawUpstream;
beforeEach(async () => void (upstream = await rawUpstream()));
afterEach(() => upstream.close());

const final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const hints = "HTTP/1.1 103 Early Hints\r\nLink: </app/a.css>; rel=preload, <//other/b.js>\r\n" +
  'Link: </app/c.js>; rel=preload\r\nX-Other: "not a hint"\r\n\r\n';
const app = (options?: ProxyOptions): ReturnType<ReturnType<typeof proxy>> =>
  proxy({ "/front": { target: `${upstream.url}/app`, removePrefix: true } }, options)(notFound);

async function raw(fields: string, version: string, options?: ProxyOptions): Promise<string> {
  const bytes = `GET /front/x HTTP/${version}\r\nHost: h\r\n${fields}${close}`;
  return (await serving(app(options), (port) => rawRequest(port, bytes))).text;
}
const browser = "Sec-Fetch-Mode: navigate\r\n";

test("earlyHints: a browser over HTTP/1.1 gets them with rewritten links", async () => {
  upstream.onRequest = (connection) => connection.write(hints + final);
  const text = await raw(browser, "1.1");
  assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/front\/a\.css>; rel=preload, /);
  assert.match(text, /<\/front\/c\.js>; rel=preload/);
  assert.doesNotMatch(text, /X-Other/i);
  assert.match(text, /\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*ok$/);
});

test("earlyHints: not for clients that may mistake them for the response", async () => {
  upstream.onRequest = (connection) => connection.write(hints + final);
  for (
    const [fields, version, options] of [
      ["", "1.1", undefined],
      [browser, "1.0", undefined],
      [browser, "1.1", { earlyHints: false }],
    ] as const
  ) assert.match(await raw(fields, version, options), /^HTTP\/1\.[01] 200 OK\r\n/);
});

test("earlyHints: invalid hints and other informational responses are skipped", async () => {
  upstream.onRequest = (connection) =>
    connection.write(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" +
        'HTTP/1.1 103 Early Hints\r\nLink: not a "link\r\n\r\n' + final,
    );
  assert.match(await raw(browser, "1.1"), /^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
});

test("earlyHints: a client of HTTP/2 gets them, and so does onInformational", async () => {
  upstream.onRequest = (connection) => connection.write(hints + final);
  const statuses: number[] = [];
  const tls = certificates().sign("localhost");
  await serving(
    app({ onInformational: (status) => statuses.push(status) }),
    async (port) => {
      const session = http2.connect(`https://localhost:${port}`, { rejectUnauthorized: false });
      const stream = session.request({ ":path": "/front/x" }).resume();
      const [early] = await once(stream, "headers") as [http2.IncomingHttpHeaders];
      await once(stream, "end");
      session.destroy();
      assert.equal(early[":status"], 103);
      assert.match(String(early["link"]), /^<\/front\/a\.css>; rel=preload, /);
    },
    { tls, http2: true },
  );
  assert.deepEqual(statuses, [103]);
});
