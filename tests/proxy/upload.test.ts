/** Request content: its time limits and its length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Handler,
  type IncomingResponse,
  type OutgoingRequest,
  type ProxyOptions,
  proxyTo,
} from "handwerk";
import { Upload } from "../../src/proxy/upload.ts";
import { settle, testWithClock } from "../support/fake_clock.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { timed } from "../support/proxying.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A request whose content is under the control of the test. */
function slow(): { request: Request; send: (text: string) => void; end: () => void } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  return {
    request: new Request("http://front/", init),
    send: (text) => controller?.enqueue(bytes(text)),
    end: () => controller?.close(),
  };
}
/** Reads all of the content, and then responds or not. */
const reading =
  (answers: boolean) => async ({ body }: OutgoingRequest): Promise<IncomingResponse> => {
    const text = await new Response(body).text();
    return answers ? { ...ok(), body: new Response(text).body } : new Promise(() => {});
  };
const why = (response: Response): [number, string | undefined] => [
  response.status,
  /error=(\w+)/.exec(response.headers.get("proxy-status") ?? "")?.[1],
];
interface Timed {
  readonly app: Handler;
  readonly errors: string[];
}
function limited(transport: FakeTransport, options: ProxyOptions = {}): Timed {
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push(String(error));
  return { errors, app: timed({ transport, timeout: 1000, onError, ...options }) };
}

testWithClock(
  "timeout: an upload may take longer while its content moves",
  async (clock) => {
    const { app } = limited(new FakeTransport(reading(true)));
    const { request, send, end } = slow();
    const response = app(request);
    for (let i = 0; i < 9; i++) {
      send(`${i}`);
      await clock.pass(900);
    }
    end();
    assert.equal(await (await response).text(), "012345678");
    assert.equal(clock.timers, 0);
  },
);

testWithClock("timeout: begins again when the request has been sent", async (clock) => {
  const { app, errors } = limited(new FakeTransport(reading(false)));
  const { request, send, end } = slow();
  const response = Promise.resolve(app(request));
  send("content");
  await clock.pass(900);
  end();
  await clock.pass(999);
  const early = await Promise.race([response, settle().then(() => undefined)]);
  assert.equal(early, undefined);
  await clock.pass(1);
  assert.deepEqual(why(await response), [504, "http_response_timeout"]);
  assert.match(errors.join(), /no response within 1000 ms \(option timeout\)/);
});

testWithClock(
  "timeout: a client that stops sending gets 408, and onError is not called",
  async (clock) => {
    const transport = new FakeTransport(reading(true));
    const { app, errors } = limited(transport);
    const { request, send } = slow();
    const response = app(request);
    send("the beginning");
    await clock.pass(1000);
    assert.deepEqual(why(await response), [408, "http_request_error"]);
    assert.deepEqual([errors, transport.last.signal.aborted], [[], true]);
  },
);

testWithClock("timeout: an upstream that stops reading is 504", async (clock) => {
  const transport = new FakeTransport(async ({ body }) => {
    await body?.getReader().read();
    return new Promise(() => {});
  });
  const { app, errors } = limited(transport);
  const chunk = new Uint8Array(100_000);
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  const response = app(new Request("http://front/", init));
  await clock.pass(1000);
  assert.deepEqual(why(await response), [504, "connection_write_timeout"]);
  assert.match(errors.join(), /took no content for 1000 ms \(option timeout\)/);
});

testWithClock(
  "timeout.total: includes the upload, and the error names the option",
  async (clock) => {
    const options = { timeout: { total: 1500 } };
    const { app, errors } = limited(new FakeTransport(reading(true)), options);
    const { request, send } = slow();
    const response = app(request);
    for (let i = 0; i < 3; i++) {
      send("x");
      await clock.pass(500);
    }
    assert.equal((await response).status, 504);
    assert.match(errors.join(), /within 1500 ms \(option timeout.total\)/);
  },
);

/** The Content-Length that is sent, and the content. */
async function sent(request: Request, options: ProxyOptions = {}): Promise<(string | undefined)[]> {
  let text: string | undefined;
  const transport = new FakeTransport(async ({ body }) => {
    text = await new Response(body).text();
    return ok();
  });
  await proxyTo("http://up", { transport, onError: () => {}, ...options })(request);
  return [transport.last.fields.find(([name]) => name === "content-length")?.[1], text];
}
const posted = (body: BodyInit, length = "3"): Request =>
  new Request("http://front/", { method: "POST", body, headers: { "content-length": length } });

test("content that a middleware or a hook has made gets its own Content-Length", async () => {
  for (const text of ["longer than before", "s", "", "é".repeat(500_000)]) {
    const length = String(bytes(text).length);
    assert.deepEqual(await sent(new Request(posted("old"), { method: "POST", body: text })), [
      length,
      text,
    ]);
    assert.deepEqual(await sent(posted(bytes(text) as BodyInit)), [length, text]);
    const form = new URLSearchParams({ text });
    assert.deepEqual(await sent(posted(form)), [String(form.toString().length), form.toString()]);
  }
  const hook: ProxyOptions = {
    onRequest: (outgoing) => ({ ...outgoing, body: new Response("of a hook").body }),
  };
  assert.deepEqual(await sent(posted("old"), hook), ["9", "of a hook"]);
});

test("a stream of another length than Content-Length never looks complete", async () => {
  for (const length of ["3", "300"]) {
    let parts = 3;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (parts-- > 0) controller.enqueue(bytes("part"));
        else controller.close();
      },
    });
    const init: RequestInit & { duplex: "half" } = {
      method: "POST",
      body,
      duplex: "half",
      headers: { "content-length": length },
    };
    let error: unknown;
    const transport = new FakeTransport(async ({ body }) => {
      await new Response(body).text().catch((why: unknown) => (error = why));
      return ok();
    });
    const app = proxyTo("http://up", { transport, onError: () => {} });
    assert.equal((await app(new Request("http://front/", init))).status, 502);
    await settle();
    assert.match(String(error), /not as long as its Content-Length/);
  }
});

test("an attempt that is over takes no content from the next", async () => {
  const upload = new Upload(new Response("all of it").body as ReadableStream<Uint8Array>);
  upload.repeat();
  const [first, second] = [upload.attempt(), upload.attempt()];
  await first.cancel();
  upload.settle();
  assert.equal(await new Response(second).text(), "all of it");
  const late = new Upload(new Response("content").body as ReadableStream<Uint8Array>);
  const [stale, other] = [late.attempt(), late.attempt()];
  await assert.rejects(new Response(stale).text(), /another attempt/);
  assert.equal(await new Response(other).text(), "content");
});

test("cancelled content fails when it is read later", async () => {
  const upload = new Upload(new Response("content").body as ReadableStream<Uint8Array>);
  const stream = upload.attempt();
  upload.cancel(new Error("the client disconnected"));
  await assert.rejects(new Response(stream).text(), /client disconnected/);
});
