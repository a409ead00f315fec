/** Content of GET, which some upstreams read as a query. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { afterEach, beforeEach, test } from "node:test";
import { dispatch, type Handler, memory, notFound, proxyTo, serveStatic } from "handwerk";
import { httpTransport } from "../../src/platform/node_adapter.ts";
import { runtimeTransport } from "../../src/platform/current.ts";
import { certificates } from "../support/certificates.ts";
import { answer, close, serving } from "../support/host.ts";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

let upstream: RawUpstream;
let seen = "";
beforeEach(async () => {
  upstream = await rawUpstream();
  seen = "";
  upstream.onRequest = async (connection, head) => {
    if (/^transfer-encoding/im.test(head)) await connection.until(/\r\n0\r\n\r\n$/);
    else if (/^content-length/im.test(head)) await connection.until(/query\}$/);
    seen = connection.received.slice(connection.received.lastIndexOf("GET "));
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
});
afterEach(() => upstream.close());

const QUERY = "{a:query}";
const sized = `GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: ${QUERY.length}\r\n${close}${QUERY}`;
const chunked = `GET /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${close}` +
  `4\r\n{a:q\r\n5\r\nuery}\r\n0\r\n\r\n`;

for (
  const [name, transport] of Object.entries({
    undici: runtimeTransport(),
    "node:http": httpTransport(),
  })
) {
  const forward = (): Handler => proxyTo(upstream.url, { transport });
  test(`${name}: content of GET is forwarded with its framing`, async () => {
    assert.equal((await answer(forward(), sized)).body, "ok");
    assert.match(seen, /^GET \/x HTTP\/1\.1\r\n[^]*content-length: 9\r\n[^]*\r\n\{a:query\}$/i);
    assert.equal((await answer(dispatch({ "/x": forward() })(notFound), chunked)).body, "ok");
    assert.match(seen, /^GET \/ HTTP\/1\.1\r\n[^]*transfer-encoding: chunked\r\n/i);
    const [, content = ""] = seen.split("\r\n\r\n");
    assert.equal(content.replaceAll(/^[0-9]+$|\r\n/gm, ""), QUERY);
  });
}

test("behind a foreign middleware GET has no content, and no fields about it", async () => {
  const app: Handler = (request) => proxyTo(upstream.url)(request);
  assert.equal((await answer(app, sized)).body, "ok");
  assert.doesNotMatch(seen, /content-length: [1-9]|transfer-encoding|query/i);
});

test("content is removed from HEAD, and from GET for handlers and files", async () => {
  const app = dispatch({
    "/local": proxyTo((request) => new Response(request.body ? "content" : "none")),
    "/file": serveStatic(memory("file"))(notFound),
  })(proxyTo(upstream.url));
  assert.equal((await answer(app, sized.replace("/x", "/local"))).body, "none");
  assert.equal((await answer(app, sized.replace("/x", "/file"))).body, "file");
  assert.equal((await answer(app, sized.replace("GET", "HEAD"))).status, 200);
  assert.doesNotMatch(seen, /query/);
});

test("content of GET is forwarded over HTTP/2", async () => {
  const tls = certificates().sign("localhost");
  await serving(proxyTo(upstream.url), async (port) => {
    const session = http2.connect(`https://localhost:${port}`, { rejectUnauthorized: false });
    const stream = session.request({ ":path": "/x" }, { endStream: false });
    stream.end(QUERY);
    stream.resume();
    await once(stream, "end");
    session.destroy();
  }, { tls, http2: true });
  assert.match(seen, /\{a:query\}/);
});
