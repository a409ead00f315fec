/** Pools of upstreams: retries, health, limits and requests in flight. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Handler,
  type Health,
  type IncomingResponse,
  type OutgoingRequest,
  type ProxyOptions,
  proxyTo,
  type TargetOptions,
} from "handwerk";
import {
  capacity,
  concurrency,
  first,
  leastConnections,
  passiveHealth,
  retries,
  type Upstream,
} from "handwerk/upstreams";
import { settle, testWithClock, withFakeClock, withRandom } from "../support/fake_clock.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";

type Answer = (
  upstream: string,
  request: OutgoingRequest,
) => IncomingResponse | Promise<IncomingResponse>;

const status = (status: number, fields: [string, string][] = []): IncomingResponse => ({
  ...ok(),
  status,
  fields,
});

/** A proxy for upstreams a, b, … */
class Pooled {
  /** The upstreams as policies see them. */
  readonly upstreams: Upstream[] = [];
  /** The upstreams that were sent a request, in order. */
  readonly sent: string[] = [];
  readonly #app: Handler;
  readonly #errors = new Map<Request, unknown>();
  constructor(
    names: string,
    answer: Answer,
    { health = [], ...target }: Partial<TargetOptions> = {},
    options: ProxyOptions = {},
  ) {
    const spy: Health = {
      attach: (upstreams) => void this.upstreams.push(...upstreams),
      isAvailable: () => true,
      track: () => () => {},
    };
    const transport = new FakeTransport((request) => {
      const { host } = request.url;
      this.sent.push(host);
      return answer(host, request);
    });
    this.#app = proxyTo({
      target: names.split("").map((name) => `http://${name}/`),
      health: [spy, health].flat(),
      ...target,
    }, {
      transport,
      onError: (error, request) => void this.#errors.set(request, error),
      ...options,
    });
  }
  /** The response; rejects with what `onError` is told. */
  async ask(init: RequestInit = {}, path = "/"): Promise<Response> {
    const request = new Request(`http://front${path}`, init);
    const response = await this.#app(request);
    if (this.#errors.has(request)) throw this.#errors.get(request);
    return response;
  }
  get inFlight(): number[] {
    return this.upstreams.map((upstream) => upstream.inFlight);
  }
}
const post = (body: BodyInit): RequestInit & { duplex: "half" } => ({
  method: "POST",
  body,
  duplex: "half",
});
const fails = (message: string): never => {
  const code = message === "refused" ? "ECONNREFUSED" : "ECONNRESET";
  throw Object.assign(new Error(message), { code });
};
const only = (good: string, message = "reset"): Answer => (upstream) =>
  upstream === good ? ok() : fails(message);

test("retries: a failed request goes to the next upstream", async () => {
  const it = new Pooled("abc", only("c"), { retry: retries({ attempts: 3 }) });
  assert.equal((await it.ask()).status, 200);
  assert.deepEqual(it.sent, ["a", "b", "c"]);
});

test("retries: without further attempts, the last failure is the response", async () => {
  const none = new Pooled("ab", only("b"));
  await assert.rejects(none.ask(), /reset/);
  assert.deepEqual(none.sent, ["a"]);
  const two = new Pooled("abc", (upstream) => fails(`reset by ${upstream}`), { retry: retries() });
  await assert.rejects(two.ask(), /reset by b/);
  const status503 = new Pooled("ab", () => status(503), { retry: retries({ statuses: [503] }) });
  assert.equal((await status503.ask()).status, 503);
  assert.deepEqual([two.sent, status503.sent], [["a", "b"], ["a", "b"]]);
  await settle();
  assert.equal(status503.inFlight[0], 0); // the first response is cancelled
});

test("retries: a single upstream gets the request again", async () => {
  let times = 0;
  const it = new Pooled("a", () => times++ ? ok() : fails("reset"), { retry: retries() });
  assert.equal((await it.ask()).status, 200);
});

test("retries: a POST is sent again only if the connection was refused", async () => {
  const lost = new Pooled("ab", only("b"), { retry: retries() });
  await assert.rejects(lost.ask({ method: "POST" }), /reset/);
  assert.deepEqual(lost.sent, ["a"]);
  const refused = new Pooled("ab", only("b", "refused"), { retry: retries() });
  assert.equal((await refused.ask({ method: "POST" })).status, 200);
});

const CHUNK = 64 * 1024;
/** Reads so many bytes of what an upstream is sent. */
async function read({ body }: OutgoingRequest, most: number): Promise<string> {
  const reader = body?.getReader();
  let text = "";
  while (text.length < most) {
    const { done, value } = await reader?.read() ?? { done: true };
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  void reader?.cancel();
  return text;
}

test("retries: the body is sent again from its start, if it was kept", async () => {
  const chunk = new TextEncoder().encode("x".repeat(CHUNK));
  for (
    const [chunks, taken, method, message, again] of [
      [3, CHUNK, "POST", "refused", true],
      [3, Infinity, "POST", "refused", true],
      [3, Infinity, "PUT", "reset", true],
      [3, CHUNK, "POST", "reset", false], // the upstream may have acted on it
      [9, CHUNK, "POST", "refused", true],
      [9, Infinity, "POST", "refused", false], // more than is kept
    ] as const
  ) {
    let left = chunks;
    const sent = Promise.withResolvers<void>();
    const content = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sent.promise; // what comes before the request is sent is all kept
        return left-- > 0 ? controller.enqueue(chunk) : controller.close();
      },
    });
    let got = "";
    const answer: Answer = async (upstream, request) => {
      sent.resolve();
      got = await read(request, upstream === "a" ? taken : Infinity);
      return upstream === "a" ? fails(message) : ok();
    };
    const it = new Pooled("ab", answer, { retry: retries() });
    const asked = it.ask({ ...post(content), method });
    if (again) assert.equal((await asked).status, 200);
    else await assert.rejects(asked, new RegExp(message));
    assert.equal(it.sent.length, again ? 2 : 1);
    if (again) assert.equal(got.length, chunks * CHUNK);
  }
});

testWithClock(
  "retries: Retry-After of a single upstream is respected within the timeout",
  async (clock) => {
    const retry = (): Partial<TargetOptions> => ({
      retry: retries({ statuses: [503], maxWait: 5000 }),
    });
    let times = 0;
    const answer: Answer = () => times++ ? ok() : status(503, [["Retry-After", "3"]]);
    const alone = new Pooled("a", answer, retry());
    const asked = alone.ask();
    await clock.pass(2999);
    assert.equal(alone.sent.length, 1);
    await clock.pass(1);
    assert.equal((await asked).status, 200);

    times = 0;
    const late = new Pooled("a", answer, retry(), { timeout: 3000 });
    assert.equal((await late.ask()).status, 503);

    times = 0;
    const client = new AbortController();
    const gone = new Pooled("a", answer, retry());
    const abandoned = gone.ask({ signal: client.signal });
    await settle();
    client.abort(new Error("gone"));
    assert.equal((await abandoned).status, 499);
    assert.deepEqual([clock.timers, gone.sent.length], [0, 1]);
  },
);

testWithClock("retries: each backoff is twice as long", async (clock) => {
  const retry = retries({ attempts: 3, backoff: 100 });
  const it = new Pooled("a", () => fails("reset"), { retry });
  await withRandom(() => 0, async () => {
    const asked = assert.rejects(it.ask(), /reset/);
    for (const [pass, sent] of [[99, 1], [1, 2], [199, 2], [1, 3]] as const) {
      await clock.pass(pass);
      assert.equal(it.sent.length, sent);
    }
    await asked;
  });
});

test("retries: none after a client disconnect", async () => {
  const client = new AbortController();
  const it = new Pooled("ab", () => {
    client.abort(new Error("gone"));
    return fails("aborted");
  }, { retry: retries() });
  assert.equal((await it.ask({ signal: client.signal })).status, 499);
  assert.deepEqual(it.sent, ["a"]);
});

test("retries: an outage costs 1.1 attempts per request, and the burst", async () => {
  const it = new Pooled("abc", () => fails("refused"), { retry: retries({ attempts: 3 }) });
  for (let i = 0; i < 2000; i++) await it.ask().catch(() => {});
  assert.ok(it.sent.length <= 2200 + 10, String(it.sent.length));
  assert.ok(it.sent.length > 2190);
});

test("in flight: until the end of the response, an error, a cancellation or a disconnect", async () => {
  const body = (): {
    body: ReadableStream<Uint8Array>;
    stream: ReadableStreamDefaultController;
  } => {
    let stream: ReadableStreamDefaultController | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (c) => void (stream = c) });
    assert.ok(stream);
    return { body, stream };
  };
  const endings: ((
    stream: ReadableStreamDefaultController,
    reader: ReadableStreamDefaultReader,
    client: AbortController,
  ) => void)[] = [
    (stream) => stream.close(),
    (stream) => stream.error(new Error("cut")),
    (_, reader) => void reader.cancel(),
    (_stream, _reader, client) => client.abort(),
  ];
  for (const ending of endings) {
    const { body: sent, stream } = body();
    const client = new AbortController();
    const it = new Pooled("a", () => ({ ...ok(), body: sent }), { health: passiveHealth() });
    const response = await it.ask({ signal: client.signal });
    const reader = response.body?.getReader();
    assert.ok(reader);
    stream.enqueue(new Uint8Array(1));
    await reader.read();
    await settle();
    assert.deepEqual(it.inFlight, [1]);
    const rest = reader.read().catch(() => {});
    ending(stream, reader, client);
    await settle();
    assert.deepEqual(it.inFlight, [0]);
    void rest;
  }
});

test("in flight: responses without a body are not", async () => {
  for (const [method, code] of [["HEAD", 200], ["GET", 204], ["GET", 304], ["GET", 205]] as const) {
    const it = new Pooled("ab", () => status(code));
    await it.ask({ method });
    assert.deepEqual(it.inFlight, [0, 0]);
  }
  const bodyless = new Pooled("ab", () => ({ ...ok(), body: null }));
  await bodyless.ask();
  assert.deepEqual(bodyless.inFlight, [0, 0]);
});

test("in flight: returns to 0 after any sequence of events", async () => {
  const events = fc.array(
    fc.constantFrom("read", "cancel", "cut", "error", "gone", "503", "HEAD"),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(events, (events) =>
      withFakeClock(async () => {
        let event = "";
        const it = new Pooled("abc", () => {
          if (event === "error") fails("reset");
          if (event === "503") return status(503);
          if (event !== "cut") return ok();
          return { ...ok(), body: new ReadableStream({ pull: () => fails("cut") }) };
        }, {
          balance: leastConnections(),
          retry: retries({ statuses: [503] }),
          health: passiveHealth(),
          limit: concurrency(2),
        });
        for (event of events) {
          const client = new AbortController();
          const init = { method: event === "HEAD" ? "HEAD" : "GET", signal: client.signal };
          const response = await it.ask(init).catch(() => undefined);
          if (event === "cancel") await response?.body?.cancel();
          else if (event === "gone") client.abort();
          else if (event !== "HEAD") {
            await new Response(response?.body ?? null).text().catch(() => {});
          }
          for (let i = 0; i < 9; i++) await Promise.resolve();
          assert.deepEqual(it.inFlight, [0, 0, 0], event);
        }
      })),
    { numRuns: 60 },
  );
});

testWithClock(
  "passive health: a failing upstream is ejected and recovers",
  async (clock) => {
    let broken = "a";
    const it = new Pooled("ab", (upstream) => upstream === broken ? fails("reset") : ok(), {
      health: passiveHealth({ failures: 2, time: 100 }),
    });
    const round = async (count: number): Promise<string> => {
      it.sent.length = 0;
      for (let i = 0; i < count; i++) {
        const response = await it.ask().catch(() => undefined);
        await new Response(response?.body ?? null).text();
      }
      return it.sent.join("");
    };
    assert.equal(await round(8), "ababbbbb"); // two failures in a row, then no more
    await clock.pass(100);
    assert.equal((await round(8)).replaceAll("b", ""), "a"); // one probe, in vain
    broken = "";
    await clock.pass(199);
    assert.equal(await round(4), "bbbb");
    await clock.pass(1);
    assert.equal((await round(8)).replaceAll("b", "").length, 4);
  },
);

testWithClock(
  "passive health: half-open under load, exactly one request probes the upstream",
  async (clock) => {
    const health = passiveHealth({ failures: 1, time: 100 });
    let down = true;
    const it = new Pooled("ab", (upstream) => down && upstream === "a" ? fails("reset") : ok(), {
      balance: first(),
      health,
    });
    await assert.rejects(it.ask());
    down = false;
    await clock.pass(100);
    await Promise.all(Array.from({ length: 50 }, () => it.ask()));
    assert.equal(it.sent.slice(1).filter((upstream) => upstream === "a").length, 1);
  },
);

testWithClock(
  "passive health: when all are ejected, all are used; with strict, none",
  async (clock) => {
    const lenient = new Pooled("ab", () => fails("reset"), {
      health: passiveHealth({ failures: 1, maxEjected: 1 }),
    });
    for (let i = 0; i < 6; i++) await assert.rejects(lenient.ask(), /reset/);
    assert.deepEqual(lenient.sent.toSorted(), ["a", "a", "a", "b", "b", "b"]);
    let down = true;
    const breaker = new Pooled("a", () => down ? fails("reset") : ok(), {
      health: passiveHealth({ failures: 2, strict: true, time: 100 }),
    });
    for (let i = 0; i < 2; i++) await assert.rejects(breaker.ask(), /reset/);
    const open = { type: "destination_unavailable", retryAfter: 1 };
    await assert.rejects(breaker.ask(), open);
    assert.equal(breaker.sent.length, 2);
    down = false;
    await clock.pass(100);
    const [probe, second] = [breaker.ask(), breaker.ask()];
    await assert.rejects(second, open);
    assert.equal((await probe).status, 200);
    assert.equal((await breaker.ask()).status, 200);
  },
);

test("limit: holds until the ends of the responses", async () => {
  const it = new Pooled("a", ok, { limit: concurrency(2) });
  const [one, two] = [await it.ask(), await it.ask()];
  await assert.rejects(it.ask(), { type: "connection_limit_reached" });
  await one.body?.cancel();
  await settle();
  const three = await it.ask();
  await assert.rejects(it.ask(), { type: "connection_limit_reached" });
  for (const { body } of [two, three]) await new Response(body).text();
  await settle();
  assert.equal((await it.ask()).status, 200);
  assert.equal(it.sent.length, 4);
});

test("limit: a failure releases it", async () => {
  const it = new Pooled("a", () => fails("reset"), { limit: concurrency(1) });
  for (let i = 0; i < 3; i++) await assert.rejects(it.ask(), /reset/);
});

test("balance: an upstream that was not offered is refused", async () => {
  const stranger: Upstream = { url: new URL("http://evil/"), weight: 1, inFlight: 0 };
  const it = new Pooled("ab", ok, { balance: () => stranger });
  await assert.rejects(it.ask(), /^TypeError: proxy: balance must return/);
  assert.deepEqual(it.sent, []);
});

test("passive health: errors of hooks and of requests do not count, and are not retried", async () => {
  const thrown = new Error("a hook threw");
  for (const path of ["/", "/..%2Fadmin"]) {
    const health = passiveHealth({ failures: 1 });
    let attempts = 0;
    const onRequest = (): never => {
      attempts++;
      throw thrown;
    };
    const it = new Pooled("ab", ok, { retry: retries(), health, limit: concurrency(1) }, {
      onRequest,
    });
    for (let i = 1; i <= 4; i++) {
      if (path === "/") await assert.rejects(it.ask({}, path), thrown);
      else assert.equal((await it.ask({}, path)).status, 400);
      assert.deepEqual(it.inFlight, [0, 0]);
    }
    assert.deepEqual([attempts, it.sent], [path === "/" ? 4 : 0, []]);
    assert.ok(it.upstreams.every((upstream) => health.isAvailable(upstream)));
  }
});

test("retries: an untried upstream, whatever the policy prefers", async () => {
  const it = new Pooled("abc", only("b"), { retry: retries(), balance: first() });
  assert.equal((await it.ask()).status, 200);
  assert.deepEqual(it.sent, ["a", "b"]);
});

testWithClock(
  "passive health: for requests with a body, only refused connections and statuses count",
  async (clock) => {
    const cut = (): IncomingResponse => ({
      ...ok(),
      body: new ReadableStream({ pull: () => fails("cut") }),
    });
    const cases: readonly (readonly [Answer, boolean])[] = [
      [() => fails("reset"), false],
      [() => new Promise(() => {}), false],
      [cut, false],
      [() => fails("refused"), true],
      [() => status(503), true],
    ];
    for (const [answer, blamed] of cases) {
      for (const content of ["content", null]) {
        const health = passiveHealth({ failures: 1 });
        const it = new Pooled("a", answer, { health }, { timeout: 100 });
        const asked = it.ask({ method: "PUT", body: content }).catch(() => undefined);
        await settle();
        await clock.pass(100);
        await (await asked)?.text().catch(() => {});
        const [upstream] = it.upstreams;
        assert.ok(upstream);
        assert.equal(!health.isAvailable(upstream), blamed || content === null, String(answer));
        assert.deepEqual(it.inFlight, [0]);
      }
    }
  },
);

test("a client that has disconnected causes no request", async () => {
  const it = new Pooled("ab", ok);
  const client = new AbortController();
  client.abort(new Error("gone"));
  assert.equal((await it.ask({ signal: client.signal })).status, 499);
  assert.deepEqual([it.sent, it.inFlight], [[], [0, 0]]);
});

testWithClock(
  "passive health: a client disconnect does not count, a timeout does",
  async (clock) => {
    const endless = (): IncomingResponse => ({ ...ok(), body: new ReadableStream() });
    const never = (): Promise<never> => new Promise(() => {});
    for (const answer of [endless, never]) {
      for (const leaves of [true, false]) {
        const health = passiveHealth({ failures: 1 });
        const it = new Pooled("a", answer, { health }, { timeout: { total: 100 } });
        const client = new AbortController();
        void it.ask({ signal: client.signal }).catch(() => {});
        await settle();
        assert.deepEqual(it.inFlight, [1]);
        if (leaves) client.abort();
        else await clock.pass(100);
        assert.deepEqual(it.inFlight, [0]);
        const [upstream] = it.upstreams;
        assert.ok(upstream);
        assert.equal(health.isAvailable(upstream), leaves);
      }
    }
  },
);

test("strict health: refuses only if it finds no upstream available itself", async () => {
  const other: Health = { isAvailable: () => false, track: () => () => {} };
  const strict: Health = {
    strict: true,
    isAvailable: ({ url }) => url.host === "a",
    track: () => () => {},
  };
  const it = new Pooled("ab", ok, { health: [strict, other] });
  assert.equal((await it.ask()).status, 200);
  const neither = new Pooled("b", ok, { health: [strict, other] });
  await assert.rejects(neither.ask(), { type: "destination_unavailable" });
});

test("capacity: limits each upstream; then the response is 503", async () => {
  const it = new Pooled("ab", () => ok(), { health: capacity(2) });
  const held = [await it.ask(), await it.ask(), await it.ask(), await it.ask()];
  assert.deepEqual(it.inFlight, [2, 2]);
  await assert.rejects(it.ask(), { type: "destination_unavailable", retryAfter: 1 });
  assert.equal(it.sent.length, 4);
  await held[0]?.body?.cancel(); // that of a
  await it.ask();
  assert.deepEqual(it.sent.slice(4), ["a"]);
  assert.throws(() => capacity(0), /^TypeError: capacity: the number of requests is 0; give/);
});

test("strict health: is respected when no upstream is available to all", async () => {
  const says = (well: string, strict: boolean): Health => ({
    strict,
    isAvailable: ({ url }) => well.includes(url.host),
    track: () => () => {},
  });
  const ask = async (names: string, ...health: Health[]): Promise<string> => {
    const it = new Pooled(names, () => ok(), { health });
    for (let i = 0; i < names.length; i++) await it.ask();
    return [...new Set(it.sent)].toSorted().join("");
  };
  assert.equal(await ask("abc", says("ab", true), says("bc", false)), "b");
  assert.equal(await ask("abc", says("ab", true), says("c", false)), "ab");
  assert.equal(await ask("abc", says("ab", false), says("c", false)), "abc");
  await assert.rejects(ask("abc", says("ab", true), says("c", true)), /no upstream is available/);
  await assert.rejects(ask("abc", says("", true), says("c", false)), /no upstream is available/);
});
