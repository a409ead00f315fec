/** The spelling of the path and the query is forwarded (RFC 9110 §7.7). */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { dispatch } from "../../src/dispatch.ts";
import { notFound } from "../../src/handler.ts";
import { proxy, proxyTo } from "../../src/proxy/mod.ts";
import { httpTransport } from "../../src/platform/node_adapter.ts";
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
/** The path and the query that the upstream gets. */
async function heard(target: string): Promise<string | undefined> {
  const request = `GET ${target} HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n`;
  await exchange(host?.port ?? 0, [request, /ok$/]);
  const { received = "" } = upstream.connections.at(-1) ?? {};
  return [...received.matchAll(/^GET (\S+) /gm)].at(-1)?.[1];
}
const spellings = [
  "/it's?q=it's&r=it%27s",
  "/a{}^b|c`d/e%7B?x={}^|`[]",
  "/a%2Fb//it's/?q='/'?",
  "/?'",
];

for (const [name, options] of [["undici", {}], ["http", { transport: httpTransport() }]] as const) {
  test(`a path and a query arrive byte for byte (${name})`, async () => {
    host = await serving(proxyTo(upstream.url, { ...options, onError: () => {} }));
    for (const target of spellings) assert.equal(await heard(target), target);
  });
}

test("the spelling stays below mounts, prefixes and the path of a target", async () => {
  const target = { target: `${upstream.url}/base`, removePrefix: true };
  const behind = proxy({ "/p{}": target }, { onError: () => {} })(notFound);
  host = await serving(dispatch({ "/m'": behind })(notFound));
  assert.equal(await heard("/m'/p{}/x{}?y='"), "/base/x{}?y='");
  assert.equal(await heard("/m'/p%7B%7D/x%7B?y=%27"), "/base/x%7B?y=%27");
});

test("a URL that onRequest changes is sent as changed", async () => {
  const app = proxyTo(upstream.url, {
    onRequest(outgoing) {
      outgoing.url.searchParams.set("q", "changed");
    },
    onError: () => {},
  });
  host = await serving(app);
  assert.equal(await heard("/x?q='"), "/x?q=changed");
});
