/** Requests on a kept connection that the upstream closes at that moment. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type Handler, proxyTo, type Transport } from "handwerk";
import { runtimeTransport } from "../../src/platform/current.ts";
import { httpTransport } from "../../src/platform/node_adapter.ts";
import { type Connection, type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

let upstream: RawUpstream;
let heads: string[] = [];
beforeEach(async () => {
  [upstream, heads] = [await rawUpstream(), []];
});
afterEach(() => upstream.close());

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** Responds to the first request of each connection; the second is for the test. */
function closeKept(second: (connection: Connection) => void): void {
  upstream.onRequest = (connection, head) => {
    heads.push(head.split(" ")[0] ?? "");
    if (connection.received.split("HTTP/1.1\r\n").length > 2) second(connection);
    else connection.write(OK);
  };
}

const transports: Record<string, Transport> = { "this runtime's transport": runtimeTransport() };
if (!("Deno" in globalThis || "Bun" in globalThis)) transports["node:http"] = httpTransport();
for (const [name, transport] of Object.entries(transports)) {
  const through = (): Handler => proxyTo(upstream.url, { transport, onError: () => {} });
  const ask = async (app: Handler, method = "GET"): Promise<number> => {
    const response = await app(new Request("http://front/", { method }));
    await response.text().catch(() => "");
    // Before that, the connection may be in use.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return response.status;
  };

  for (const [how, close] of [["ended", "end"], ["reset", "reset"]] as const) {
    test(`${name}: GET is sent once more when its kept connection is ${how}`, async () => {
      closeKept((connection) => connection[close]());
      const app = through();
      assert.deepEqual([await ask(app), await ask(app)], [200, 200]);
      assert.deepEqual(heads, ["GET", "GET", "GET"]);
    });

    test(`${name}: POST is not, whose kept connection is ${how}`, async () => {
      closeKept((connection) => connection[close]());
      const app = through();
      await ask(app);
      const status = await ask(app, "POST");
      const posts = heads.filter((method) => method === "POST").length;
      // A transport that keeps no connection is not affected.
      assert.ok(posts === 1 && (status === 502 || status === 200), `${status} ${heads.join()}`);
    });
  }

  test(`${name}: a request whose response has begun is not sent again`, async () => {
    if ("Deno" in globalThis || "Bun" in globalThis) return; // their fetch decides
    closeKept((connection) => {
      connection.write("HTTP/1.1 2");
      setTimeout(() => connection.reset(), 20);
    });
    const app = through();
    assert.deepEqual([await ask(app), await ask(app)], [200, 502]);
    assert.equal(heads.length, 2);
  });
}

test("a new connection that is closed is an error of the upstream", async () => {
  if ("Deno" in globalThis || "Bun" in globalThis) return; // their fetch decides
  upstream.onRequest = (connection, head) => {
    heads.push(head);
    connection.end();
  };
  const app = proxyTo(upstream.url, { onError: () => {} });
  assert.equal((await app(new Request("http://front/"))).status, 502);
  assert.equal(heads.length, 1);
});
