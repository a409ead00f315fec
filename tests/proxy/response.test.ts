/** The response to the client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Field, proxyTo } from "handwerk";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { settle, testWithClock } from "../support/fake_clock.ts";
import { passedBack, timed } from "../support/proxying.ts";

const content = (...parts: string[]): ReadableStream<Uint8Array> => {
  const chunks = parts.map((part) => new TextEncoder().encode(part));
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
};

// [why, status, fields, decoded, fields passed back]
const answers: readonly (readonly [string, number, readonly Field[], boolean, readonly Field[]])[] =
  [
    ["the same length twice", 200, [["Content-Length", "8, 8"]], false, [["content-length", "8"]]],
    [
      "the same length in two lines",
      200,
      [["content-length", "8"], ["Content-Length", "8"]],
      false,
      [
        ["content-length", "8"],
      ],
    ],
    [
      "chunks and a length",
      200,
      [["content-length", "3"], ["transfer-encoding", "chunked"]],
      false,
      [],
    ],
    ["no content with a length", 204, [["content-length", "3"]], false, []],
    ["no content, and a form to be reset", 205, [["content-length", "3"]], false, []],
    ["a control in a value", 200, [["x", "a\x01b\x7fc"]], false, [["x", "a b c"]]],
    [
      "decoded content",
      200,
      [
        ["Content-Encoding", "gzip"],
        ["Content-Length", "3"],
        ["Content-MD5", "x"],
        ["Content-Digest", "sha-256=:x:"],
        ["Repr-Digest", "sha-256=:x:"],
        ["Accept-Ranges", "bytes"],
        ["ETag", '"a"'],
        ["Vary", "accept-encoding"],
      ],
      true,
      [["etag", 'W/"a"'], ["vary", "accept-encoding"]],
    ],
    [
      "decoded content with a weak tag",
      200,
      [["content-encoding", "br"], ["etag", 'W/"a"']],
      true,
      [
        ["etag", 'W/"a"'],
      ],
    ],
    ["content that was not coded", 200, [["content-length", "8"], ["etag", '"a"']], true, [
      ["content-length", "8"],
      ["etag", '"a"'],
    ]],
    [
      "names in Connection",
      200,
      [
        ["Connection", "X-Hop, close"],
        ["connection", "x-other"],
        ["X-HOP", "1"],
        ["X-Other", "1"],
        ["Trailer", "x"],
        ["Upgrade", "h2c"],
        ["Proxy-Authenticate", "Basic"],
        ["X-Kept", "1"],
      ],
      false,
      [["x-kept", "1"]],
    ],
    ["names of objects", 200, [["__proto__", "1"], ["constructor", "2"]], false, [
      ["__proto__", "1"],
      ["constructor", "2"],
    ]],
  ];
for (const [why, status, fields, decoded, expected] of answers) {
  test(`fields of the response: ${why}`, async () => {
    const response = await passedBack({ status, fields, decoded });
    assert.equal(response.status, status);
    assert.deepEqual(Object.fromEntries(response.headers), Object.fromEntries(expected));
  });
}

// [why, status, fields, Proxy-Status]
const useless: readonly (readonly [string, number, readonly Field[], string])[] = [
  ["a 407", 407, [["proxy-authenticate", "Basic"]], "http_protocol_error; received-status=407"],
  ["a 101", 101, [], "http_protocol_error; received-status=101"],
  ["a 099", 99, [], "http_protocol_error; received-status=99"],
  ["a 999", 999, [], "http_protocol_error; received-status=999"],
  ["no status", NaN, [], "http_protocol_error"],
  ["two lengths", 200, [["content-length", "8"], ["content-length", "9"]], "http_protocol_error"],
  ["lengths in a list", 200, [["content-length", "8, 9"]], "http_protocol_error"],
  ["a negative length", 200, [["content-length", "-1"]], "http_protocol_error"],
  ["an invalid name", 200, [["a b", "1"]], "http_protocol_error"],
  ...[["gzip"], ["gzip, chunked"], ["gzip", "chunked"], ["chunked", "chunked"]].map((codings) =>
    [
      `the transfer coding ${codings.join(" and ")}`,
      200,
      codings.map((coding): Field => ["Transfer-Encoding", coding]),
      "http_response_transfer_coding",
    ] as const
  ),
  ["a line break in a field", 200, [["a", "1\r\nb: 2"]], "http_protocol_error"],
];
for (const [why, status, fields, type] of useless) {
  test(`a response with ${why} is 502, and is cancelled`, async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const response = await passedBack({ status, fields, body }, undefined, { via: "gate" });
    assert.equal(response.status, 502);
    assert.equal(response.headers.get("proxy-status"), `gate; error=${type}`);
    assert.equal(response.headers.get("via"), null);
    await settle();
    assert.ok(cancelled);
  });
}

test("Via is appended to responses", async () => {
  const fields = [["Via", "1.0 a"], ["via", "1.1 b"]] as const;
  const response = await passedBack({ fields }, undefined, { via: "gate" });
  assert.equal(response.headers.get("via"), "1.0 a, 1.1 b, 1.1 gate");
});

test("credentials: false removes Set-Cookie and Clear-Site-Data", async () => {
  const fields = [["set-cookie", "a=1"], ["Clear-Site-Data", '"cookies"'], ["x", "1"]] as const;
  const response = await passedBack({ fields }, undefined, {}, { credentials: false });
  assert.deepEqual([...response.headers], [["x", "1"]]);
});

for (const parts of [["too ", "short"], ["much too", " long"], []]) {
  test(`content of another length than Content-Length is cut: ${parts.join("")}`, async () => {
    const errors: unknown[] = [];
    const response = await passedBack(
      { fields: [["content-length", "10"]], body: content(...parts) },
      undefined,
      { onError: (error) => void errors.push(error) },
    );
    assert.equal(response.status, 200);
    await assert.rejects(response.text(), /bytes, its Content-Length is 10/);
    assert.equal(errors.length, 1);
  });
}

test("content of the length of Content-Length is passed on", async () => {
  const body = content("1", "23", "", "4567890");
  const response = await passedBack({ fields: [["content-length", "10"]], body });
  assert.equal(await response.text(), "1234567890");
});

test("a watched body fails with the upstream's, and cancels it", async () => {
  const failing = new ReadableStream({ pull: (c) => c.error(new Error("cut")) });
  const fields = [["content-length", "10"]] as const;
  const cut = await passedBack({ fields, body: failing });
  await assert.rejects(cut.text(), /cut/);
  let reason: unknown;
  const endless = new ReadableStream({ cancel: (why) => void (reason = why) });
  const left = await passedBack({ fields, body: endless });
  await left.body?.cancel("enough");
  assert.equal(reason, "enough");
});

test("a watched body is not read ahead", async () => {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls++;
      controller.enqueue(new Uint8Array(1));
    },
  }, { highWaterMark: 0 });
  const response = await passedBack({ fields: [["content-length", "1000"]], body });
  const reader = response.body?.getReader();
  await reader?.read();
  await settle();
  assert.ok(pulls <= 2, `${pulls}`);
  await reader?.cancel();
});

/** An upstream under the control of the test. */
const controlled = (fields: readonly Field[] = []) => {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let signal: AbortSignal | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (c) => void (source = c) });
  const transport = new FakeTransport((request) => {
    signal = request.signal;
    return { ...ok(), fields, body };
  });
  return {
    transport,
    send: (text: string) => source?.enqueue(new TextEncoder().encode(text)),
    close: () => source?.close(),
    aborted: () => signal?.aborted,
  };
};

testWithClock(
  "timeout.idle: an upstream that pauses too long is cut; a slow client is not",
  async (clock) => {
    const upstream = controlled();
    const errors: unknown[] = [];
    const app = timed({
      transport: upstream.transport,
      timeout: { idle: 50 },
      onError: (error) => void errors.push(error),
    });
    const response = await app(new Request("http://front/"));
    const reader = response.body?.getReader();
    await clock.pass(1000); // without a reader
    upstream.send("one");
    await reader?.read();
    const next = reader?.read();
    await settle();
    await clock.pass(40);
    upstream.send("two");
    await next;
    const last = assert.rejects(
      async () => reader?.read(),
      /no content for 50 ms \(option timeout.idle\)/,
    );
    await settle();
    await clock.pass(60);
    await last;
    assert.ok(upstream.aborted());
    assert.equal((errors[0] as { type?: string }).type, "connection_read_timeout");
    assert.equal(clock.timers, 0);
  },
);

testWithClock("timeout.idle: does not apply to text/event-stream", async (clock) => {
  const upstream = controlled([["content-type", "text/event-stream; charset=utf-8"]]);
  const app = timed({ transport: upstream.transport, timeout: { idle: 50 } });
  const response = await app(new Request("http://front/"));
  const text = response.text();
  await clock.pass(1000);
  upstream.send("data: 1\n\n");
  upstream.close();
  assert.equal(await text, "data: 1\n\n");
});

testWithClock(
  "timeout.total: ends a response that goes on, and one that does not begin",
  async (clock) => {
    const upstream = controlled();
    const app = timed({ transport: upstream.transport, timeout: { total: 100 } });
    const response = await app(new Request("http://front/"));
    const text = assert.rejects(
      response.text(),
      /no complete response within 100 ms \(option timeout.total\)/,
    );
    for (let i = 0; i < 5; i++) {
      upstream.send("more");
      await clock.pass(30);
      if (upstream.aborted()) break;
    }
    await text;
    assert.equal(clock.timers, 0);

    const silent = timed({
      transport: new FakeTransport(() => new Promise(() => {})),
      timeout: { total: 100, headers: 0 },
      via: "gate",
    });
    const late = silent(new Request("http://front/"));
    await clock.pass(100);
    const { status, headers } = await late;
    assert.equal(status, 504);
    assert.equal(headers.get("proxy-status"), "gate; error=http_response_timeout");
  },
);

testWithClock(
  "a response that ends leaves no timer, and no listener on the client's signal",
  async (clock) => {
    const client = new AbortController();
    let [added, removed] = [0, 0];
    const { signal } = client;
    const add = Reflect.get(signal, "addEventListener") as () => void;
    const remove = Reflect.get(signal, "removeEventListener") as () => void;
    signal.addEventListener = (...args: unknown[]) => {
      added++;
      Reflect.apply(add, signal, args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      removed++;
      Reflect.apply(remove, signal, args);
    };
    const request = new Request("http://front/");
    Object.defineProperty(request, "signal", { value: signal });
    for (const timeout of [{}, { total: 1000, idle: 1000 }]) {
      const app = timed({ transport: new FakeTransport(), timeout });
      for (let i = 0; i < 3; i++) await (await app(request)).text();
    }
    assert.equal(clock.timers, 0);
    assert.deepEqual([added, removed], [6, 6]);
  },
);

testWithClock(
  "a timeout does not wait for a transport that ignores the signal",
  async (clock) => {
    let answer = (): void => {};
    let cancelled = false;
    const transport = new FakeTransport(() =>
      new Promise((resolve) => {
        const body = new ReadableStream({ cancel: () => void (cancelled = true) });
        answer = () => resolve({ ...ok(), body });
      })
    );
    const late = timed({ transport, timeout: 10 })(new Request("http://front/"));
    await clock.pass(10);
    assert.equal((await late).status, 504);
    answer();
    await settle();
    assert.ok(cancelled, "a late response is cancelled");
  },
);

testWithClock("a client disconnect during the response aborts the exchange", async (clock) => {
  const upstream = controlled();
  const client = new AbortController();
  const errors: unknown[] = [];
  const app = timed({
    transport: upstream.transport,
    timeout: { idle: 1000 },
    onError: (error) => void errors.push(error),
  });
  const response = await app(new Request("http://front/", { signal: client.signal }));
  const text = assert.rejects(response.text(), /left/);
  client.abort(new Error("left"));
  await text;
  assert.ok(upstream.aborted());
  assert.equal(clock.timers, 0);
  assert.deepEqual(errors, []);
});

test("a request of a disconnected client is 499, for logs", async () => {
  const transport = new FakeTransport(() => new Promise(() => {}));
  const app = proxyTo("http://up", { transport, timeout: 0 });
  const response = await app(new Request("http://front/", { signal: AbortSignal.abort() }));
  assert.equal(response.status, 499);
});

test("a challenge of NTLM is removed, others are passed back", async () => {
  const wrapped = btoa("\x60\x48 SPNEGO NTLMSSP\0 and more");
  for (
    const [given, expected] of [
      [["NTLM"], null],
      [["Negotiate", "NTLM"], "Negotiate"],
      [['Negotiate, NTLM, Basic realm="a, NTLM, b"'], 'Negotiate, Basic realm="a, NTLM, b"'],
      [["NTLM TlRMTVNTUAACAAAA", 'Basic realm="x"'], 'Basic realm="x"'],
      [[`Negotiate ${wrapped}`], null],
      [['Digest realm="ntlm", nonce=1'], 'Digest realm="ntlm", nonce=1'],
      [['Basic realm="\\"NTLM, '], 'Basic realm="\\"NTLM,'],
    ] as const
  ) {
    const fields = given.map((value) => ["www-authenticate", value] as const);
    const response = await passedBack({ status: 401, fields });
    assert.equal(response.headers.get("www-authenticate"), expected);
  }
});
