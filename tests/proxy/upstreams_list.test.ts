/** Lists of upstreams that change while a proxy runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyTo } from "handwerk";
import { type ActiveHealth, activeHealth, passiveHealth, upstreamList } from "handwerk/upstreams";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { quiet } from "../support/proxying.ts";

const ask = () => new Request("http://front/");
const options = { ...quiet, onError: () => {} };

async function hosts(
  app: (request: Request) => Response | Promise<Response>,
  transport: FakeTransport,
  times: number,
): Promise<string[]> {
  transport.sent.length = 0;
  for (let i = 0; i < times; i++) await (await app(ask())).text();
  return [...new Set(transport.sent.map(({ url }) => url.host))].toSorted();
}

test("upstream list: upstreams can be added, removed and replaced", async () => {
  const transport = new FakeTransport();
  const target = upstreamList();
  const app = proxyTo({ target }, { transport, ...options });
  assert.equal((await app(ask())).status, 503);
  target.add("http://one");
  assert.deepEqual(await hosts(app, transport, 4), ["one"]);
  target.add(new URL("http://two"));
  assert.deepEqual(await hosts(app, transport, 4), ["one", "two"]);
  assert.equal(target.remove("http://one/"), true);
  assert.equal(target.remove("http://one/"), false);
  assert.deepEqual(await hosts(app, transport, 4), ["two"]);
  target.replace(["http://two", { url: "http://three", weight: 3 }]);
  assert.deepEqual(target.urls, ["http://two/", "http://three/"]);
  assert.deepEqual(await hosts(app, transport, 4), ["three", "two"]);
  target.replace([]);
  assert.equal((await app(ask())).status, 503);
});

test("upstream list: weights can be changed; duplicates are one upstream", async () => {
  const transport = new FakeTransport();
  const target = upstreamList(["http://one", "http://two", "http://one/"]);
  assert.deepEqual(target.urls, ["http://one/", "http://two/"]);
  const app = proxyTo(target, { transport, ...options });
  target.add({ url: "http://one", weight: 3 });
  for (let i = 0; i < 8; i++) await (await app(ask())).text();
  assert.equal(transport.sent.filter(({ url }) => url.host === "one").length, 6);
});

test("upstream list: health is kept for upstreams that stay or come back", async () => {
  const transport = new FakeTransport(({ url }) =>
    url.host === "bad" ? { ...ok(), status: 503 } : ok()
  );
  const target = upstreamList(["http://good", "http://bad"]);
  const health = passiveHealth({ failures: 1, time: 300_000 });
  const app = proxyTo({ target, health }, { transport, ...options });
  assert.deepEqual(await hosts(app, transport, 4), ["bad", "good"]);
  target.add("http://new");
  assert.deepEqual(await hosts(app, transport, 4), ["good", "new"]);
  target.replace(["http://good", "http://bad", "http://new"]);
  assert.deepEqual(await hosts(app, transport, 4), ["good", "new"]);
  target.remove("http://bad");
  target.add("http://bad");
  assert.deepEqual(await hosts(app, transport, 4), ["good", "new"]);
});

test("upstream list: active health checks added upstreams, and not removed ones", async () => {
  const asked: string[] = [];
  const transport = new FakeTransport(({ url }) => {
    if (url.pathname === "/health") asked.push(url.host);
    return url.host === "bad" ? { ...ok(), status: 500 } : ok();
  });
  const target = upstreamList(["http://one"]);
  const health: ActiveHealth = activeHealth({ path: "/health", fails: 1 });
  const app = proxyTo({ target, health }, { transport, ...options });
  target.replace(["http://bad", "http://two"]);
  await health.check();
  assert.deepEqual(asked.toSorted(), ["bad", "two"]);
  assert.deepEqual(await hosts(app, transport, 4), ["two"]);
  target.remove("http://bad");
  target.add("http://bad");
  assert.deepEqual(await hosts(app, transport, 4), ["two"]);
});

test("upstream list: requests in flight to a removed upstream are completed", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const transport = new FakeTransport(async () => {
    await promise;
    return ok();
  });
  const target = upstreamList(["http://one"]);
  const app = proxyTo(target, { transport, ...options });
  const response = app(ask());
  while (transport.sent.length === 0) await Promise.resolve();
  target.remove("http://one");
  resolve();
  assert.equal(await (await response).text(), "upstream");
});

test("upstream list: targets that share a list keep separate state", async () => {
  const transport = new FakeTransport();
  const target = upstreamList(["http://one"]);
  const [first, second] = [1, 2].map(() => proxyTo(target, { transport, ...options }));
  target.add("http://two");
  assert.ok(first && second);
  assert.deepEqual(await hosts(first, transport, 4), ["one", "two"]);
  assert.deepEqual(await hosts(second, transport, 4), ["one", "two"]);
});

test("upstream list: wrong upstreams are refused, and nothing changes", () => {
  const list = upstreamList(["http://one"]);
  for (
    const [wrong, why] of [
      ["nonsense", /^TypeError: upstreamList: the upstream is "nonsense"; give a URL/],
      ["ftp://x", /^TypeError: upstreamList: the upstream must be an http or https URL/],
      ["http://a:b@x", /^TypeError: upstreamList: the upstream must not hold credentials/],
      [{ url: "http://x", weight: 0 }, /^TypeError: upstreamList: weight is 0; give/],
      [{ url: "http://x", wait: 1 }, /^TypeError: upstreamList: /],
    ] as const
  ) {
    assert.throws(() => list.add(wrong as string), why);
    assert.throws(() => list.replace(["http://two", wrong as string]), why);
  }
  assert.deepEqual(list.urls, ["http://one/"]);
});
