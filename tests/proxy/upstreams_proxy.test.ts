/** Policies for upstreams as clients and upstreams see them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Balancer,
  type Handler,
  type Health,
  type IncomingResponse,
  type Limit,
  type Mirror,
  type OutgoingRequest,
  proxy,
  type ProxyOptions,
  proxyTo,
  type Retry,
  type TargetOptions,
} from "handwerk";
import { inspect } from "handwerk/proxy";
import {
  activeHealth,
  concurrency,
  hashBy,
  leastConnections,
  mirrorTo,
  passiveHealth,
  retries,
} from "handwerk/upstreams";
import { settle, testWithClock } from "../support/fake_clock.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";

type Answer = (request: OutgoingRequest) => IncomingResponse | Promise<IncomingResponse>;
const list = ["http://a/", "http://b/", "http://c/"];
const refused = (): never => {
  throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
};
const reset = (): never => {
  throw Object.assign(new Error("read"), { code: "ECONNRESET" });
};
/** Fails where the upstream is not this one. */
const only = (host: string, fail: () => never = reset): Answer => ({ url }) =>
  url.host === host ? ok() : fail();

interface Made {
  readonly app: Handler;
  readonly transport: FakeTransport;
  readonly errors: unknown[];
  /** The hosts that were sent something. */
  hosts(): string;
}
function made(
  options: Partial<TargetOptions>,
  answer: Answer = ok,
  more: ProxyOptions = {},
): Made {
  const transport = new FakeTransport(answer);
  const errors: unknown[] = [];
  const app = proxyTo({ target: list, ...options }, {
    transport,
    onError: (error) => errors.push(error),
    ...more,
  });
  const hosts = (): string => transport.sent.map(({ url }) => url.host).join("");
  return { app, transport, errors, hosts };
}
const get = (init?: RequestInit, path = "/"): Request => new Request(`http://front${path}`, init);
const post = (body: BodyInit | null = null): Request => get({ method: "POST", body });

test("a list of URLs is used round-robin, each with its own URL and host", async () => {
  const transport = new FakeTransport();
  const app = proxy({ "/x": ["http://a/1", new URL("http://b:81/2"), { url: "http://c" }] }, {
    transport,
  })(() => new Response());
  for (let i = 0; i < 4; i++) await (await app(get({}, "/x?q"))).text();
  const asked = transport.sent.map(({ url, host }) => `${url.href} ${host}`);
  assert.deepEqual(asked, [
    "http://a/1/x?q a",
    "http://b:81/2/x?q b:81",
    "http://c/x?q c",
    "http://a/1/x?q a",
  ]);
});

test("weights are respected", async () => {
  const it = made({ target: [{ url: "http://a/", weight: 5 }, "http://b/", "http://c/"] });
  for (let i = 0; i < 14; i++) await (await it.app(get())).text();
  assert.equal(it.hosts(), "aabacaaaabacaa");
});

test("least connections: in flight until the body ends", async () => {
  const it = made({ target: list.slice(0, 2), balance: leastConnections() });
  const held = await it.app(get());
  for (let i = 0; i < 4; i++) await (await it.app(get())).text();
  assert.equal(it.hosts(), "abbbb");
  await held.text();
  for (let i = 0; i < 2; i++) await (await it.app(get())).text();
  assert.equal(it.hosts().slice(5).split("").toSorted().join(""), "ab");
});

test("hash by address: of the client behind trusted proxies, not of a forged header", async () => {
  const it = made({ balance: hashBy("address") }, ok, {
    clientAddress: (request) => request.headers.get("x-peer") ?? undefined,
    trustedProxies: ["10.0.0.1"],
  });
  const ask = async (peer: string, forwarded: string): Promise<string> => {
    await it.app(get({ headers: { "x-peer": peer, "x-forwarded-for": forwarded } }));
    return it.transport.last.url.host;
  };
  const hosts = new Set<string>();
  for (let i = 0; i < 30; i++) hosts.add(await ask("10.0.0.1", `192.0.2.${i}`));
  assert.equal(hosts.size, 3);
  hosts.clear();
  for (let i = 0; i < 30; i++) hosts.add(await ask("203.0.113.1", `192.0.2.${i}`));
  assert.equal(hosts.size, 1);
});

test("retries: a lost GET is answered by the next upstream, without onError", async () => {
  const it = made({ retry: retries({ attempts: 3 }) }, only("c"));
  const response = await it.app(get());
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "upstream");
  assert.equal(it.hosts(), "abc");
  assert.deepEqual(it.errors, []);
});

test("retries: a lost POST is a 502; a refused one goes to the next upstream", async () => {
  const lost = made({ retry: retries() }, only("b"));
  assert.equal((await lost.app(post())).status, 502);
  assert.equal(lost.hosts(), "a");
  const unsent = made({ retry: retries() }, only("b", refused));
  const response = await unsent.app(post("content"));
  assert.equal(response.status, 200);
  assert.equal(await new Response(unsent.transport.last.body).text(), "content");
});

test("retries: a body that was read before the refusal is sent again completely", async () => {
  const it = made({ retry: retries() }, async (request) => {
    if (request.url.host === "b") return { ...ok(), body: request.body };
    await request.body?.getReader().read();
    return refused();
  });
  const response = await it.app(post("content"));
  assert.equal(await response.text(), "content");
  assert.equal(it.hosts(), "ab");
});

test("headers that can be iterated only once are passed back", async () => {
  const once = function* (): Iterable<[string, string]> {
    yield ["x-one", "1"];
    yield ["retry-after", "0"];
    yield ["x-two", "2"];
  };
  for (const method of ["GET", "HEAD"]) {
    const it = made({ retry: retries({ statuses: [503] }), health: passiveHealth() }, () => ({
      ...ok(),
      status: 503,
      fields: once(),
    }));
    const { headers } = await it.app(get({ method }));
    assert.deepEqual([headers.get("x-one"), headers.get("x-two")], ["1", "2"], method);
    assert.equal(it.hosts(), "ab");
  }
});

test("references are rewritten for the upstream that responded", async () => {
  const it = made(
    { retry: retries() },
    ({ url }) =>
      url.host === "a"
        ? reset()
        : { ...ok(), status: 302, fields: [["location", "http://b/next"]] },
  );
  const response = await it.app(get());
  assert.equal(
    URL.parse(response.headers.get("location") ?? "", "http://front")?.href,
    "http://front/next",
  );
});

test("one timeout covers all attempts and counts as a failure", async () => {
  const it = made(
    {
      target: list.slice(0, 2),
      health: passiveHealth({ failures: 1 }),
      retry: retries(),
    },
    ({ url, signal }) =>
      url.host === "b"
        ? ok()
        : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    {
      timeout: 20,
    },
  );
  assert.equal((await it.app(get())).status, 504);
  assert.equal(it.hosts(), "a");
  for (let i = 0; i < 3; i++) assert.equal((await it.app(get())).status, 200);
});

test("retries: no wait for Retry-After beyond the timeout", async () => {
  const busy: Answer = () => ({ ...ok(), status: 503, fields: [["retry-after", "3"]] });
  for (const limits of [{ timeout: 2000 }, { timeout: { total: 2000 } }]) {
    const retry = retries({ statuses: [503], maxWait: 60_000 });
    const it = made({ target: "http://a/", retry }, busy, limits);
    const response = await it.app(get());
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "3"]);
    await response.body?.cancel();
  }
});

test("strict health: the 503 has Retry-After and no internals", async () => {
  const it = made({
    target: "http://secret/",
    health: passiveHealth({ failures: 2, strict: true }),
  }, reset);
  for (let i = 0; i < 2; i++) assert.equal((await it.app(get())).status, 502);
  const response = await it.app(get());
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.match(response.headers.get("proxy-status") ?? "", /; error=destination_unavailable$/);
  assert.equal(await response.text(), "Service Unavailable");
  assert.equal(it.transport.sent.length, 2);
});

test("limit: 503 with connection_limit_reached; the end of a body releases it", async () => {
  const limit = concurrency(2, { retryAfter: 3 });
  const it = made({ limit });
  const held = [await it.app(get()), await it.app(get())];
  const response = await it.app(get());
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "3");
  assert.match(response.headers.get("proxy-status") ?? "", /; error=connection_limit_reached$/);
  await held[0]?.text();
  await settle();
  assert.equal((await it.app(get())).status, 200);
  await held[1]?.body?.cancel();
  await settle();
  assert.equal((await it.app(get({ method: "HEAD" }))).status, 200);
  assert.equal((await it.app(get({ method: "HEAD" }))).status, 200);
});

test("limit: an invalid response releases it", async () => {
  const it = made({ limit: concurrency(1) }, () => ({
    ...ok(),
    fields: [["content-length", "1, 2"]],
  }));
  for (let i = 0; i < 3; i++) {
    const response = await it.app(get());
    assert.match(response.headers.get("proxy-status") ?? "", /http_protocol_error/);
    await settle();
  }
});

test("passive health: a client cannot cause an ejection by its request", async () => {
  const health = passiveHealth({ failures: 1, maxEjected: 1 });
  const hook = (outgoing: OutgoingRequest): void => {
    if (outgoing.url.pathname === "/throw") throw new Error("hook");
  };
  const it = made({ health }, ok, { onRequest: hook });
  for (let i = 0; i < 6; i++) {
    await assert.rejects(async () => await it.app(get({}, "/throw")), /hook/);
    assert.equal((await it.app(get({ method: "OPTIONS" }, "/.%2f..%5cx"))).status, 400);
    const client = new AbortController();
    client.abort();
    await it.app(get({ signal: client.signal }));
  }
  it.transport.sent.length = 0;
  for (let i = 0; i < 3; i++) await (await it.app(get())).text();
  assert.equal(it.hosts().split("").toSorted().join(""), "abc");
});

test("passive health: an exception in a hook does not count", async () => {
  const health = passiveHealth({ failures: 1, strict: true });
  const it = made({ target: "http://a/", health }, ok, {
    onResponse: () => {
      throw new Error("hook");
    },
  });
  for (let i = 0; i < 3; i++) await assert.rejects(async () => await it.app(get()), /hook/);
  assert.equal(it.transport.sent.length, 3);
});

test("active health: checks have the headers of the target; failing upstreams are excluded", async () => {
  const checked = activeHealth({ path: "/health?deep", fails: 1 });
  const it = made(
    { target: ["http://a/base", "http://b:81/"], health: checked, headers: { "x-token": "1" } },
    ({ url }) => ({ ...ok(), status: url.host === "a" ? 500 : 200 }),
  );
  await checked.check();
  const asked = it.transport.sent.map(({ method, url, host, fields }) =>
    `${method} ${url.href} ${host} ${fields.join()}`
  );
  assert.deepEqual(asked, [
    "GET http://a/health?deep a x-token,1",
    "GET http://b:81/health?deep b:81 x-token,1",
  ]);
  it.transport.sent.length = 0;
  for (let i = 0; i < 3; i++) await (await it.app(get())).text();
  assert.equal(it.hosts(), "b:81b:81b:81");
});

test("active health: bodies of responses are discarded", async () => {
  let cancelled = 0;
  const checked = activeHealth({ path: "/" });
  made({ health: checked }, () => ({
    ...ok(),
    body: new ReadableStream({ cancel: () => void cancelled++ }),
  }));
  await checked.check();
  assert.equal(cancelled, 3);
});

test("active health: checks stay on the origin of the upstream", async () => {
  for (const path of ["//evil.example/", "/\\evil.example/"]) {
    const checked = activeHealth({ path, fails: 1 });
    const it = made({ health: checked });
    await checked.check();
    assert.equal(it.transport.sent.length, 0);
  }
});

test("mirror: gets the same request; its response is ignored", async () => {
  const it = made({
    target: "http://a/",
    mirror: mirrorTo({
      target: "http://mirror/base",
      credentials: false,
      headers: { "x-copy": "1" },
    }),
    // The upstream leaves the content alone until it has answered.
  }, async ({ url, body }) => {
    const content = await new Response(body).text();
    if (url.host === "mirror") reset();
    return { ...ok(), body: new Response(`got ${content}`).body };
  });
  const headers = { authorization: "secret", cookie: "secret", "x-field": "value" };
  const request = get({ method: "POST", body: "content", headers }, "/path?query");
  assert.equal(await (await it.app(request)).text(), "got content");
  await settle();
  const [copy, original] = [...it.transport.sent].toSorted((x) => x.url.host === "mirror" ? -1 : 1);
  assert.equal(copy?.url.href, "http://mirror/base/path?query");
  assert.equal(original?.url.href, "http://a/path?query");
  assert.equal(copy?.method, "POST");
  const fields = new Map(copy?.fields);
  assert.deepEqual(
    ["authorization", "cookie", "x-field", "x-copy"].map((name) => fields.get(name)),
    [undefined, undefined, "value", "1"],
  );
  assert.deepEqual(it.errors, []);
});

test("mirror: requests outside of the share are not copied; early responses are ignored", async () => {
  const told: number[] = [];
  for (const [share, copies] of [[0, 0], [1, 1]] as const) {
    const it = made(
      { target: "http://a/", mirror: mirrorTo("http://mirror/", { share }) },
      (sent) => {
        sent.onInformational?.(sent.url.host === "a" ? 103 : 102, []);
        return ok();
      },
      { onInformational: (status) => told.push(status) },
    );
    await it.app(get());
    await settle();
    assert.equal(it.hosts().replace("a", ""), "mirror".repeat(copies));
  }
  assert.deepEqual(told, [103, 103]);
});

testWithClock(
  "mirror: stalls, invalid responses and hangs do not affect the original",
  async (clock) => {
    const answers: Answer[] = [
      () => new Promise(() => {}),
      () => ({ ...ok(), status: 101 }),
      reset,
      () => ({ ...ok(), status: 407 }),
    ];
    const content = new Uint8Array(1 << 20).map((_, i) => i * 7);
    for (const answer of answers) {
      const it = made({
        target: "http://a/",
        mirror: mirrorTo("http://mirror/"),
        retry: retries(),
      }, async (request) => {
        if (request.url.host === "mirror") return answer(request);
        return { ...ok(), body: new Response(await new Response(request.body).arrayBuffer()).body };
      });
      const response = await it.app(post(content));
      const received = new Uint8Array(await response.arrayBuffer());
      assert.equal(received.length, content.length);
      assert.ok(received.every((byte, i) => byte === content[i]));
      await clock.pass(10_000);
      assert.equal(clock.timers, 0);
      assert.deepEqual(it.errors, []);
    }
  },
);

test("a body that fails aborts the upstream's request before the body errors", async () => {
  let aborted: boolean | undefined;
  const it = made({ target: "http://a/", mirror: mirrorTo("http://mirror/") }, async (request) => {
    await new Response(request.body).text().catch(() => {
      if (request.url.host === "a") aborted = request.signal.aborted;
    });
    return reset();
  });
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  await it.app(get(init));
  await settle();
  assert.equal(aborted, true);
});

test("inspect: sends nothing to mirrors and leaves limits and health alone", async () => {
  const transport = new FakeTransport();
  const checked = activeHealth({ path: "/" });
  const look = inspect({
    target: "http://a/",
    mirror: mirrorTo("http://mirror/"),
    health: checked,
    limit: concurrency(1),
    retry: retries(),
  }, { transport });
  for (let i = 0; i < 3; i++) {
    const sent = await look(get());
    assert.ok(!(sent instanceof Response));
    assert.equal(sent.url, "http://a/");
  }
  await checked.check();
  assert.equal(transport.sent.length, 0);
});

test("a handler as a target has limits and retries, too", async () => {
  let times = 0;
  const app = proxyTo({
    target: () => {
      if (times++ === 0) throw new Error("once");
      return new Response("handled");
    },
    retry: retries(),
    limit: concurrency(1),
  });
  assert.equal(await (await app(get())).text(), "handled");
  assert.equal(times, 2);
});

test("wrong options are refused with the name of the target and the remedy", () => {
  const wrong: Partial<Record<keyof TargetOptions, unknown>>[] = [
    { target: [] },
    { target: [{ url: "http://a/", weight: 0 }] },
    { balance: "least" },
    { retry: 3 },
    { retry: null },
    { health: [passiveHealth(), {}] },
    { limit: 100 },
    { mirror: "http://mirror/" },
    { mirror: mirrorTo("ftp://mirror/") },
    { mirror: mirrorTo({ target: "http://mirror/", removePrefix: true }) },
    { mirror: mirrorTo({ target: "http://mirror/", mirror: mirrorTo("http://second/") }) },
  ];
  for (const options of wrong) {
    const target = { target: list, ...options } as TargetOptions;
    assert.throws(
      () => proxy({ "/x": target }),
      /^TypeError: proxy: .*"\/x"/,
      JSON.stringify(options),
    );
  }
});

test("custom policies are plain objects and functions", async () => {
  const news: string[] = [];
  const last: Balancer = (candidates) => candidates.at(-1) ?? assert.fail();
  const health: Health = {
    isAvailable: ({ url }) => url.host !== "c",
    track: ({ url }) => (word, status) => void news.push(`${url.host} ${word} ${status ?? ""}`),
  };
  const retry: Retry = { begin: () => {}, wait: ({ attempts }) => attempts < 2 ? 0 : undefined };
  let left = 0;
  const limit: Limit = { enter: () => () => void left++ };
  const copies: string[] = [];
  const mirror: Mirror<string> = {
    target: "http://mirror/",
    shouldCopy: () => true,
    copy: (body) => {
      copies.push("copy");
      return body;
    },
  };
  const it = made({ balance: last, health, retry, limit, mirror }, only("a"));
  assert.equal(await (await it.app(get())).text(), "upstream");
  await settle();
  assert.equal(it.hosts(), "ba");
  assert.deepEqual(news, ["b failed ", "a answered 200", "a ended "]);
  assert.deepEqual([left, copies], [1, ["copy"]]);
});
