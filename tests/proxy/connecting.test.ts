/** timeout.connect, on a fake clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IncomingResponse, type OutgoingRequest, proxyTo } from "handwerk";
import { concurrency, mirrorTo, retries, roundRobin } from "handwerk/upstreams";
import { settle, testWithClock } from "../support/fake_clock.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { timed } from "../support/proxying.ts";

const request = (init?: RequestInit): Request => new Request("http://front/", init);
const never = (): Promise<IncomingResponse> => new Promise(() => {});
const telling = (
  answer: (request: OutgoingRequest) => IncomingResponse | Promise<IncomingResponse>,
): FakeTransport => new FakeTransport(answer, ["host", "connected"]);
const why = (response: Response | undefined): [number | undefined, string | undefined] => [
  response?.status,
  /error=(\w+)/.exec(response?.headers.get("proxy-status") ?? "")?.[1],
];
/** The value of a promise, or `undefined` while it is pending. */
async function settled<T>(promise: Promise<T> | T): Promise<T | undefined> {
  await settle();
  return Promise.race([Promise.resolve(promise), Promise.resolve(undefined)]);
}

testWithClock(
  "timeout.connect: without a connection in time 504, and the request is aborted",
  async (clock) => {
    const transport = telling(never);
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const app = timed({ transport, onError, timeout: { connect: 500 } });
    const response = app(request());
    await clock.pass(499);
    assert.equal(await settled(response), undefined);
    assert.equal(transport.last.signal.aborted, false);
    await clock.pass(1);
    assert.deepEqual(why(await settled(response)), [504, "connection_timeout"]);
    assert.match(String(errors), /no connection within 500 ms/);
    assert.equal(transport.last.signal.aborted, true);
    assert.equal(clock.timers, 0);
  },
);

testWithClock(
  "timeout.connect: a connected upstream has timeout.headers for its response",
  async (clock) => {
    const transport = telling(never);
    const app = timed({ transport, timeout: { connect: 500, headers: 2000 } });
    const response = app(request());
    await clock.pass(499);
    transport.last.onConnected?.();
    await clock.pass(1500);
    assert.equal(await settled(response), undefined);
    await clock.pass(1);
    assert.deepEqual(why(await settled(response)), [504, "http_response_timeout"]);
    assert.equal(clock.timers, 0);
  },
);

testWithClock(
  "timeout.connect: does not limit the content, and leaves no timer",
  async (clock) => {
    const transport = telling((outgoing) => {
      outgoing.onConnected?.();
      return ok();
    });
    const app = timed({ transport, timeout: { connect: 500 } });
    const response = await app(request());
    assert.equal(clock.timers, 0);
    await clock.pass(1000);
    assert.equal(await response.text(), "upstream");
  },
);

testWithClock("timeout.connect: a response without onConnected ends the limit", async (clock) => {
  const response = await timed({ transport: telling(ok), timeout: { connect: 500 } })(
    request(),
  );
  await clock.pass(1000);
  assert.deepEqual([response.status, clock.timers], [200, 0]);
});

testWithClock("timeout.connect: the content of a late response is cancelled", async (clock) => {
  const late = Promise.withResolvers<IncomingResponse>();
  const response = timed({
    transport: telling(() => late.promise),
    timeout: { connect: 500 },
  })(request());
  await clock.pass(500);
  assert.equal((await response).status, 504);
  const cancelled = new Promise<unknown>((cancel) => {
    late.resolve({ ...ok(), body: new ReadableStream({ cancel }) });
  });
  await cancelled;
});

testWithClock(
  "timeout.connect: a client disconnect stops the timer, and is not an error",
  async (clock) => {
    const client = new AbortController();
    const errors: unknown[] = [];
    const app = timed({
      transport: telling(never),
      onError: (error) => void errors.push(error),
      timeout: { connect: 500 },
    });
    const response = app(request({ signal: client.signal }));
    await settle();
    client.abort();
    assert.equal((await response).status, 499);
    assert.deepEqual([clock.timers, errors], [0, []]);
  },
);

testWithClock(
  "timeout.connect: each attempt has all of the time, also with content",
  async (clock) => {
    const transport = telling((outgoing) => outgoing.url.host === "good" ? ok() : never());
    const target = {
      target: ["http://black", "http://hole", "http://good"],
      balance: roundRobin(),
      retry: retries({ attempts: 3 }),
    };
    const app = timed({ transport, timeout: { connect: 500 } }, target);
    const response = app(request({ method: "POST", body: "once" }));
    while (transport.sent.length === 0) await settle();
    await clock.pass(500);
    assert.deepEqual(transport.sent.map(({ url }) => url.host), ["black", "hole"]);
    await clock.pass(499);
    assert.equal(await settled(response), undefined);
    await clock.pass(1);
    assert.equal((await response).status, 200);
    assert.deepEqual(transport.sent.map(({ url }) => url.host), ["black", "hole", "good"]);
  },
);

testWithClock(
  "retries: a POST that has a connection is not sent again after a timeout",
  async () => {
    const transport = telling((outgoing) => {
      outgoing.onConnected?.();
      return Promise.reject(Object.assign(new Error("read ETIMEDOUT"), { code: "ETIMEDOUT" }));
    });
    const target = { target: ["http://a", "http://b"], retry: retries() };
    const app = timed({ transport, timeout: { connect: 500 } }, target);
    const post = await app(request({ method: "POST", body: "once" }));
    assert.deepEqual(why(post), [504, "connection_timeout"]);
    assert.equal(transport.sent.length, 1);
  },
);

testWithClock("timeout.connect: waiting for a limit does not count", async (clock) => {
  const transport = telling(async (outgoing) => {
    if (transport.sent.length > 1) return never();
    outgoing.onConnected?.();
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, 800));
    return { ...ok(), body: null };
  });
  const limit = concurrency(1, { queue: 1, queueTimeout: 5000 });
  const app = timed({ transport, timeout: { connect: 500 } }, {
    target: "http://up",
    limit,
  });
  const first = app(request());
  const second = app(request());
  await clock.pass(800);
  assert.equal((await settled(first))?.status, 200);
  await clock.pass(499);
  assert.equal(await settled(second), undefined);
  await clock.pass(1);
  assert.deepEqual(why(await settled(second)), [504, "connection_timeout"]);
});

testWithClock(
  "timeout.connect: applies to mirrors, and not to handlers",
  async (clock) => {
    const transport = telling((outgoing) => outgoing.url.host === "up" ? ok() : never());
    const mirror = mirrorTo("http://mirror/");
    const options = { transport, timeout: { connect: 500 } };
    assert.equal(
      (await timed(options, { target: "http://up", mirror })(request())).status,
      200,
    );
    const copy = transport.sent.find(({ url }) => url.host === "mirror");
    await clock.pass(500);
    assert.match(String(copy?.signal.reason), /no connection within 500 ms/);
    let timers: number | undefined;
    const handler = (): Response => {
      timers = clock.timers;
      return new Response();
    };
    const settings = { transport, timeout: { connect: 500, headers: 0 } };
    await timed(settings, { target: handler as never })(request());
    assert.equal(timers, 0);
  },
);

test("timeout.connect: the transport gets it as connectTimeout", async () => {
  const transport = telling(ok);
  await proxyTo("http://up", { transport, timeout: { connect: 500 } })(request());
  assert.deepEqual(transport.last.connection, { connectTimeout: 500 });
  await proxyTo("http://up", { transport })(request());
  assert.equal(transport.last.connection, undefined);
});

test("timeout.connect: refused with a transport that does not report connections", () => {
  const transport = new FakeTransport();
  assert.throws(
    () => proxyTo("http://up", { transport, timeout: { connect: 500 } }),
    /^TypeError: proxy: timeout\.connect needs a transport that reports connections; use timeout\.headers/,
  );
  assert.throws(
    () => proxyTo("http://up", { transport: telling(ok), timeout: { connect: -1 } }),
    /timeout\.connect is -1; give milliseconds, a number from 0 to 2147483647/,
  );
  proxyTo("http://up", { transport, timeout: { connect: 0 } });
});
