/** Responses of ours where the host has no way of its own to send them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makePushResponse, toReadableStream, unwrap } from "../../src/host/push_body.ts";
import type { BodySink, PushBody } from "../../src/host/types.ts";
import { makeResponse, memoizeHeaders } from "../../src/host/make_response.ts";

const received = new Request("http://h/");
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A flow whose sink the test holds. */
function held(): PushBody & { sink?: BodySink; told: string[] } {
  const flow: PushBody & { sink?: BodySink; told: string[] } = {
    told: [],
    start(sink) {
      flow.told.push("start");
      flow.sink = sink;
    },
    resume: () => void flow.told.push("resume"),
    cancel: (reason) => void flow.told.push(`cancel ${String(reason)}`),
  };
  return flow;
}

test("a response has its status, its fields and the length of its bytes", async () => {
  const fields = ["content-type", "text/x", "set-cookie", "a=1", "set-cookie", "b=2"];
  const response = makeResponse(received, bytes("hello"), {
    status: 201,
    statusText: "Made",
    fields,
  });
  assert.deepEqual([response.status, response.statusText], [201, "Made"]);
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(response.headers.get("content-length"), "5");
  assert.equal(await response.text(), "hello");
  const head = makeResponse(received, null, { status: 200, fields: [], length: 7 });
  assert.equal(head.headers.get("content-length"), "7");
  assert.equal(head.body, null);
});

test("fields that serve many responses have the length of each, and nothing that one was given", () => {
  const fields = memoizeHeaders(["content-type", "text/x"]);
  for (const length of [3, 3, 4, undefined, 3]) {
    const { headers } = makeResponse(received, null, { status: 200, fields, length });
    const told = length === undefined ? [] : [["content-length", String(length)]];
    assert.deepEqual([...headers], [...told, ["content-type", "text/x"]]);
    headers.append("content-type", "y");
  }
});

test("a flow starts when it is read, waits, goes on, and ends", async () => {
  const flow = held();
  const response = makePushResponse(received, flow, { status: 200, fields: [] });
  const reader = response.body?.getReader();
  const first = reader?.read();
  await Promise.resolve();
  assert.equal(flow.told[0], "start");
  assert.equal(flow.sink?.write(bytes("a")), true);
  assert.deepEqual((await first)?.value, bytes("a"));
  // More than waits in a stream: the flow is asked to stop.
  assert.equal(flow.sink?.write(new Uint8Array(100_000)), false);
  await reader?.read();
  const next = reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(flow.told.at(-1), "resume");
  flow.sink?.end();
  assert.equal((await next)?.done, true);
});

test("the flow in a stream can be taken until somebody has touched the stream", async () => {
  const flow = held();
  const stream = toReadableStream(flow);
  assert.equal(unwrap(stream), flow);
  assert.equal(stream.locked, true);
  assert.equal(unwrap(stream), undefined);
  assert.deepEqual(flow.told, []);

  const locked = toReadableStream(held());
  locked.getReader();
  assert.equal(unwrap(locked), undefined);

  const read = toReadableStream(held());
  const reader = read.getReader();
  void reader.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await reader.cancel();
  reader.releaseLock();
  assert.equal(unwrap(read), undefined);
  assert.equal(unwrap(new ReadableStream()), undefined);
});

test("a flow that fails is an error for who reads it", async () => {
  const flow = held();
  const reading = makePushResponse(received, flow, { status: 200, fields: [] }).text();
  await new Promise((resolve) => setTimeout(resolve, 0));
  flow.sink?.write(bytes("a"));
  flow.sink?.fail(new Error("the disk failed"));
  await assert.rejects(reading, /the disk failed/);
});

test("cancelling the content cancels the flow", async () => {
  const flow = held();
  await makePushResponse(received, flow, { status: 200, fields: [] }).body?.cancel("enough");
  assert.equal(flow.told.at(-1), "cancel enough");
});
