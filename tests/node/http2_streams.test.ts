/** HTTP/2 streams: early responses and client disconnects in every state of the body. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { until } from "../support/host.ts";
import { isEnd, ofType, request, servingHttp2 } from "../support/http2.ts";
import {
  DATA,
  END_STREAM,
  frame,
  GOAWAY,
  number,
  type RawClient,
  RST_STREAM,
} from "../support/raw_http2.ts";

const content = Buffer.alloc(1000, "x");

/** Serves a handler to one client, and stops in an orderly way: no stream may be left. */
const serving = (fetch: Handler, use: (client: RawClient) => Promise<void>): Promise<void> =>
  servingHttp2(fetch, {}, async (client, server) => {
    await use(client);
    await server.close();
  });

const data = (end = false): Buffer => frame(DATA, end ? END_STREAM : 0, 1, content);
const reset = (code: number): Buffer => frame(RST_STREAM, 0, 1, number(code));
const isReset = ofType(RST_STREAM);

const readers: Readonly<Record<string, (request: Request) => unknown>> = {
  "has not touched": () => {},
  "has looked at": (request) => request.body,
  "has begun to read": (request) => request.body?.getReader().read(),
  "has begun to read and released": async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
  },
  "has cancelled": (request) => request.body?.cancel(),
  "goes on reading": async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    void reader?.read().catch(() => {});
  },
  "has cloned": (request) => void request.clone(),
};
for (const [what, read] of Object.entries(readers)) {
  for (const [size, sent] of [[2, 1], [2, 60], [300_000, 60]] as const) {
    const title = `early response over HTTP/2: ${size} bytes end a stream of ${sent} frames`;
    test(`${title} whose body the handler ${what}`, async () => {
      const answering: Handler = async (request) => {
        await read(request);
        return new Response("o".repeat(size));
      };
      await serving(answering, async (client) => {
        client.send(request("POST"), ...Array.from({ length: sent }, () => data()));
        if (size > 65_535) {
          client.send(frame(8, 0, 0, number(1_000_000)), frame(8, 0, 1, number(1_000_000)));
        }
        await client.until(isEnd);
        // RFC 9113 §8.1: the client is to stop, and to take the answer for what it is.
        assert.equal((await client.until(isReset)).payload.readUInt32BE(), 0);
        const order = client.frames.filter((got) => isEnd(got) || isReset(got));
        assert.deepEqual(order.map(({ type }) => type), [DATA, RST_STREAM]);
      });
    });
  }
}

test("HTTP/2: a stream with a complete body is not reset", async () => {
  await serving(async (request) => new Response(await request.text()), async (client) => {
    client.send(request("POST"), data(true));
    await client.until(isEnd);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(!client.frames.some(isReset));
  });
});

/** What becomes of reading, and of the signal. */
interface Seen {
  text?: string;
  aborted?: boolean;
}

const leaving: Readonly<Record<string, (client: RawClient) => void>> = {
  "resets it with NO_ERROR": (client) => client.send(reset(0)),
  "resets it with INTERNAL_ERROR": (client) => client.send(reset(2)),
  "resets it with CANCEL": (client) => client.send(reset(8)),
  "closes the connection": (client) => client.socket.destroy(),
  "ends the connection": (client) => client.socket.end(),
  "goes away with an error": (client) =>
    client.send(frame(GOAWAY, 0, 0, Buffer.concat([number(0), number(2)]))),
  "breaks the protocol": (client) => client.send(frame(DATA, 0, 0, content)),
};
for (const [what, leave] of Object.entries(leaving)) {
  for (const when of ["before", "during"]) {
    test(`client disconnect over HTTP/2: reading the body fails ${when} the client ${what}`, async () => {
      let arrived = false;
      let goOn = (): void => {};
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      const seen: Seen = {};
      const answering: Handler = async (request) => {
        arrived = true;
        if (when === "before") await gate;
        try {
          seen.text = await request.text();
        } catch (error) {
          seen.text = `failed: ${String(error)}`;
        }
        seen.aborted = request.signal.aborted;
        return new Response("late");
      };
      await serving(answering, async (client) => {
        client.send(request("POST"), data());
        await until(() => arrived);
        leave(client);
        await new Promise((resolve) => setTimeout(resolve, 50));
        goOn();
        await until(() => seen.aborted !== undefined);
        assert.match(seen.text ?? "", /^failed/);
        assert.equal(seen.aborted, true);
      });
    });
  }
}

test("HTTP/2: a client that sends GOAWAY without an error gets its response", async () => {
  let arrived = false;
  const answering: Handler = async (request) => {
    arrived = true;
    return new Response(await request.text());
  };
  await serving(answering, async (client) => {
    client.send(request("POST"), data());
    await until(() => arrived);
    client.send(frame(GOAWAY, 0, 0, Buffer.concat([number(0), number(0)])), data(true));
    await client.until(isEnd);
  });
});

test("early response over HTTP/2: HEAD and statuses without body end an open stream", async () => {
  for (const method of ["HEAD", "GET", "POST"]) {
    const status = method === "POST" ? 204 : 200;
    await serving(() => new Response(null, { status }), async (client) => {
      client.send(request(method, 1, "/", false));
      await client.until(isEnd);
      assert.equal((await client.until(isReset)).payload.readUInt32BE(), 0);
    });
  }
});
