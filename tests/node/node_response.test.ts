/** Responses of our own handlers on Node: a `Response` for all code that uses them. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { makePushResponse } from "../../src/host/push_body.ts";
import type { PushBody } from "../../src/host/types.ts";
import { makeResponse, withTrailers } from "../../src/host/make_response.ts";
import { mountAware } from "../../src/mount.ts";
import { errors, get, until } from "../support/host.ts";
import { rawRequest } from "../support/raw_request.ts";
import { answer, serving } from "../support/source_host.ts";

/** A flow of some chunks, that tells what became of it. */
function flowOf(
  chunks: readonly string[],
  end: "end" | "fail" = "end",
): PushBody & { told: string[] } {
  const told: string[] = [];
  return {
    told,
    start(sink) {
      for (const chunk of chunks) sink.write(new TextEncoder().encode(chunk));
      if (end === "end") sink.end();
      else sink.fail(new Error("the disk failed"));
    },
    resume: () => void told.push("resume"),
    cancel: () => void told.push("cancel"),
  };
}
const fields = ["content-type", "text/x", "set-cookie", "a=1", "set-cookie", "b=2"];
const bodies: readonly (readonly [string, (request: Request) => Response])[] = [
  ["text", (request) => makeResponse(request, "hello", { status: 201, fields })],
  [
    "bytes",
    (request) => makeResponse(request, new TextEncoder().encode("hello"), { status: 201, fields }),
  ],
  [
    "a stream",
    (request) => makeResponse(request, new Blob(["hello"]).stream(), { status: 201, fields }),
  ],
  [
    "a flow",
    (request) =>
      makePushResponse(request, flowOf(["hel", "lo"]), { status: 201, fields, length: 5 }),
  ],
];
const looks: readonly (readonly [string, (response: Response) => Response | Promise<Response>])[] =
  [
    ["it is returned", (response) => response],
    ["its content is read", async (r) => new Response(await r.text(), r)],
    ["it is wrapped", (response) => new Response(response.body, response)],
    ["it is cloned", (response) => response.clone()],
    ["a clone is read", async (response) => {
      assert.equal(await response.clone().text(), "hello");
      return response;
    }],
    ["its fields are read", (response) => {
      assert.equal(response.headers.get("content-type"), "text/x");
      return response;
    }],
  ];
for (const [what, make] of bodies) {
  for (const [who, look] of looks) {
    test(`own response with ${what}: is a Response when ${who}`, async () => {
      const handler = mountAware(async (request) => {
        const response = make(request);
        assert.ok(response instanceof Response);
        assert.deepEqual([response.status, response.ok, response.bodyUsed], [201, true, false]);
        return await look(response);
      });
      const { head, body, status } = await answer(handler);
      assert.equal(status, 201);
      assert.match(body, /hello/);
      assert.match(head, /^content-type: text\/x\r$/m);
      assert.match(head, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    });
  }
}

test("own response: headers that a middleware sets are sent", async () => {
  const app: Handler = async (request) => {
    const response = await mountAware((request) =>
      makeResponse(request, "hello", { status: 200, fields })
    )(
      request,
    );
    response.headers.set("x-mine", "yes");
    response.headers.delete("set-cookie");
    return response;
  };
  const { head, body } = await answer(app);
  assert.match(head, /^x-mine: yes\r$/m);
  assert.doesNotMatch(head, /set-cookie/);
  assert.equal(body, "hello");
});

test("own response: is used after it was sent, and not sent twice", async () => {
  errors.length = 0;
  let kept: Response | undefined;
  const app = mountAware((request) =>
    kept ??= makeResponse(request, "once", { status: 200, fields })
  );
  await serving(app, async (port) => {
    assert.equal((await rawRequest(port, get)).body, "once");
    assert.equal(kept?.bodyUsed, true);
    await assert.rejects(async () => await kept?.text(), TypeError);
    assert.equal((await rawRequest(port, get)).status, 500);
  });
  assert.match(String(errors), /sent already/);
});

test("pushed body: has its Content-Length; without one, trailer fields", async () => {
  const fixed = await answer(
    mountAware((request) =>
      makePushResponse(request, flowOf(["a", "b"]), { status: 200, fields: [], length: 2 })
    ),
  );
  assert.match(fixed.head, /^content-length: 2\r$/m);
  assert.equal(fixed.body, "ab");
  const chunked = await answer(
    mountAware((request) => {
      const response = makePushResponse(request, flowOf(["a"]), { status: 200, fields: [] });
      return withTrailers(response, { fields: [], trailers: Promise.resolve([["x-sum", "42"]]) });
    }),
  );
  assert.match(chunked.text, /1\r\na\r\n0\r\nx-sum: 42\r\n\r\n$/);
});

for (
  const [why, flow, length] of [
    ["fails", flowOf(["first"], "fail"), undefined],
    ["is too short", flowOf(["first"]), 10],
    ["is too long", flowOf(["first", "second"]), 5],
  ] as const
) {
  test(`pushed body: one that ${why} does not look complete`, async () => {
    errors.length = 0;
    const { text } = await answer(
      mountAware((request) => makePushResponse(request, flow, { status: 200, fields: [], length })),
    );
    assert.doesNotMatch(text, /\r\n0\r\n|second/);
    assert.equal(errors.length, 1);
  });
}

test("pushed body: is cancelled for HEAD and 304", async () => {
  for (const [bytes, status] of [[get.replace("GET", "HEAD"), 200], [get, 304]] as const) {
    const flow = flowOf([]);
    const { head } = await answer(
      mountAware((request) => makePushResponse(request, flow, { status, fields: [], length: 7 })),
      bytes,
    );
    assert.deepEqual(flow.told, ["cancel"]);
    assert.match(head, /content-length: 7/);
  }
});

for (const size of [65536, 1000]) {
  test(`backpressure: a pushed body in chunks of ${size} bytes waits for a slow client, and ends with it`, async () => {
    const cancelled = Promise.withResolvers<void>();
    let [made, resumed] = [0, 0];
    const flow = (): PushBody => {
      let push = (): void => {};
      return {
        start: (sink) =>
          (push = () => {
            do made += size; while (sink.write(new Uint8Array(size)));
          })(),
        resume: () => [resumed++, push()],
        cancel: () => cancelled.resolve(),
      };
    };
    await serving(
      mountAware((request) => makePushResponse(request, flow(), { status: 200, fields: [] })),
      async (port) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(get));
        socket.pause();
        for (let before = -1; before !== made;) {
          before = made;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assert.ok(made > 0 && made < 20_000_000, `${made} bytes were made`);
        const goesOn = resumed + 5;
        socket.resume();
        await until(() => resumed >= goesOn);
        socket.destroy();
        await cancelled.promise;
      },
    );
  });
}

test("pushed body: small chunks of one turn are joined, in order", async () => {
  const sizes = [1, 5000, 2, 3, 70_000, 4096, 4095, ...Array<number>(40).fill(3000), 9];
  let at = 0;
  const chunks = sizes.map((size) => new Uint8Array(size).map(() => 97 + at++ % 26));
  const whole = Buffer.concat(chunks).toString("latin1");
  const flow: PushBody = {
    start(sink) {
      for (const chunk of chunks) sink.write(chunk);
      sink.end();
    },
    resume() {},
    cancel() {},
  };
  const head = { status: 200, fields: [] };
  const known = await answer(
    mountAware((request) => makePushResponse(request, flow, { ...head, length: whole.length })),
  );
  assert.ok(known.body === whole);
  const { body } = await answer(mountAware((request) => makePushResponse(request, flow, head)));
  const pieces = body.split(/^[0-9a-f]+\r\n|\r\n[0-9a-f]*\r\n(?:\r\n)?/).filter((piece) =>
    piece !== ""
  );
  assert.ok(pieces.join("") === whole);
  assert.ok(pieces.length < 10, `${pieces.length} pieces`);
});

test("client disconnect: a pushed body is cancelled before it starts", async () => {
  const flow = flowOf(["a"]);
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const app = mountAware(async (request) => {
    request.signal.addEventListener("abort", () => left.resolve());
    asked.resolve();
    await left.promise;
    return makePushResponse(request, flow, { status: 200, fields: [] });
  });
  await serving(app, async (port) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(get));
    await asked.promise;
    socket.destroy();
    await until(() => flow.told.length > 0);
  });
  assert.deepEqual(flow.told, ["cancel"]);
});
