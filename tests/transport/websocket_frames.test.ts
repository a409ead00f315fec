/** WebSocket frames, read and written by a client (RFC 6455 §5 to §7). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  closing,
  frame,
  type Message,
  messagesOf,
  OPCODE,
  WebSocketError,
} from "../../src/transport/websocket/frames.ts";

const LONGEST = 100_000;

/** A frame as a server sends it, written without the code under test. */
function served(first: number, data: Uint8Array): number[] {
  const { length } = data;
  const size = length < 126
    ? [length]
    : length < 0x10000
    ? [126, length >> 8, length & 255]
    : [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return [first, ...size, ...data];
}

/** A connection that brings bytes in pieces of some lengths, one after the other. */
function connection(
  bytes: readonly number[],
  lengths: readonly number[] = [1 << 20],
): ReadableStream<Uint8Array> {
  let at = 0;
  let turn = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const length = Math.max(1, lengths[turn++ % lengths.length] ?? 1);
      controller.enqueue(Uint8Array.from(bytes.slice(at, at += length)));
    },
  });
}

async function read(bytes: readonly number[], lengths?: readonly number[]): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of messagesOf(connection(bytes, lengths), LONGEST)) {
    messages.push(message);
  }
  return messages;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const plain = (message: Message): unknown =>
  "data" in message && typeof message.data !== "string"
    ? { ...message, data: [...message.data] }
    : message;

describe("frames from a server", () => {
  test("messages arrive unchanged with every split into frames and chunks", async () => {
    const message = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }).map((value) => ({
        type: "text" as const,
        data: value.toWellFormed(),
      })),
      fc.uint8Array({ maxLength: 300 }).map((data) => ({ type: "binary" as const, data })),
      fc.constant({ type: "binary" as const, data: new Uint8Array(70_000).fill(7) }),
    );
    const sent = fc.array(fc.record({
      message,
      cuts: fc.array(fc.nat(300), { maxLength: 3 }),
      ping: fc.option(fc.uint8Array({ maxLength: 125 })),
    }));
    await fc.assert(
      fc.asyncProperty(
        sent,
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }),
        async (list, lengths) => {
          const bytes: number[] = [];
          const expected: unknown[] = [];
          for (const { message, cuts, ping } of list) {
            const data = message.type === "text" ? text(message.data) : message.data;
            const ends = cuts.filter((cut) => cut < data.length).toSorted((a, b) => a - b);
            let from = 0;
            for (const [i, end] of [...ends, data.length].entries()) {
              const opcode = i > 0 ? 0 : OPCODE[message.type];
              const last = i === ends.length ? 0x80 : 0;
              // Control frames may come in the middle of a message (RFC 6455 §5.4).
              if (ping && last) {
                bytes.push(...served(0x89, ping));
                expected.push({ type: "ping", data: [...ping] });
              }
              for (const byte of served(last | opcode, data.subarray(from, end))) bytes.push(byte);
              from = end;
            }
            expected.push(plain(message));
          }
          assert.deepEqual((await read(bytes, lengths)).map(plain), expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  const broken: readonly (readonly [string, number, readonly number[]])[] = [
    ["a reserved bit", 1002, [0xc1, 0]],
    ["a masked frame", 1002, [0x81, 0x80, 1, 2, 3, 4]],
    ["an unknown kind of data", 1002, [0x83, 0]],
    ["an unknown kind of control frame", 1002, [0x8b, 0]],
    ["a ping in parts", 1002, [0x09, 0]],
    ["a long ping", 1002, [0x89, 126, 0, 126]],
    ["a part of no message", 1002, [0x80, 0]],
    ["a message in a message", 1002, [0x01, 0, 0x81, 0]],
    ["text that is not UTF-8", 1007, [0x81, 1, 0xff]],
    ["a surrogate", 1007, [0x81, 3, 0xed, 0xa0, 0x80]],
    ["a close with half a code", 1002, [0x88, 1, 3]],
    ["a close with a code that is never sent", 1002, [0x88, 2, 3, 0xed]],
    ["a reason that is not UTF-8", 1007, [0x88, 3, 3, 0xe8, 0xff]],
    ["a long message", 1009, [0x82, 127, 0, 0, 0, 0, 0, 1, 0x86, 0xa1]],
    ["a message longer than any", 1009, [0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]],
  ];
  for (const [why, code, bytes] of broken) {
    test(`${why} closes with ${code}`, async () => {
      await assert.rejects(read(bytes), (error) => {
        assert.ok(error instanceof WebSocketError);
        assert.equal(error.code, code);
        return true;
      });
    });
  }

  test("a message that is too long closes before it is complete", async () => {
    const part = served(0x02, new Uint8Array(60_000));
    const more = served(0x00, new Uint8Array(60_000));
    await assert.rejects(read([...part, ...more]), { code: 1009 });
  });

  test("an incomplete message is dropped", async () => {
    const whole = [...served(0x81, text("one")), ...served(0x81, text("two"))];
    for (let end = 0; end < whole.length; end++) {
      const messages = await read(whole.slice(0, end));
      assert.deepEqual(messages, end < 5 ? [] : [{ type: "text", data: "one" }]);
    }
  });

  test("bytes after a close are not read", async () => {
    const bytes = [...served(0x88, Uint8Array.from([0x03, 0xe9, 0x62])), 0xff, 0xff];
    assert.deepEqual(await read(bytes), [{ type: "close", code: 1001, reason: "b" }]);
    assert.deepEqual(await read([0x88, 0]), [{ type: "close", code: undefined, reason: "" }]);
  });

  test("random bytes only fail with a WebSocketError, and never hang", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await read([...bytes]).catch((error: unknown) => assert.ok(error instanceof WebSocketError));
    }));
  });
});

describe("frames from a client", () => {
  test("frames are masked and complete", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(70_000))),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (data, mask) => {
          const bytes = frame(OPCODE.binary, data, mask);
          assert.equal(bytes[0], 0x82);
          assert.ok((bytes[1] ?? 0) & 0x80);
          const start = bytes.length - data.length;
          assert.deepEqual(bytes.slice(start - 4, start), mask);
          const unmasked = bytes.slice(start).map((byte, i) => byte ^ (mask[i & 3] ?? 0));
          assert.deepEqual(unmasked, Uint8Array.from(data));
          const header = bytes.slice(0, start - 4);
          header[1] = (header[1] ?? 0) & 0x7f;
          assert.deepEqual([...header], served(0x82, data).slice(0, start - 4));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a close has only codes that may be sent, and a reason that fits", () => {
    assert.deepEqual([...closing(1000, "x")], [3, 232, 120]);
    for (const code of [undefined, 0, 999, 1005, 1006, 1015, 2999, 5000]) {
      assert.equal(closing(code, "x").length, 0);
    }
    const long = closing(4000, "ä".repeat(100));
    assert.ok(long.length <= 125);
    assert.equal(
      new TextDecoder("utf-8", { fatal: true }).decode(long.subarray(2)),
      "ä".repeat(61),
    );
  });
});
