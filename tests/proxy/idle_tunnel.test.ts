/** timeout.tunnel: idle tunnels. */
import assert from "node:assert/strict";
import type { Tunnel } from "handwerk";
import { settle, testWithClock } from "../support/fake_clock.ts";
import { closedWhenIdle } from "../../src/proxy/proxy_upgrade.ts";

const bytes = new Uint8Array([1, 2, 3]);

/** A tunnel, and control over its upstream. */
function upstream(): {
  readonly tunnel: Tunnel;
  readonly written: Uint8Array[];
  readonly send: (chunk: Uint8Array) => void;
  readonly end: () => void;
  readonly lose: () => void;
  ended: "open" | "closed" | "cancelled" | "aborted";
  cancelled: boolean;
} {
  let reading: ReadableStreamDefaultController<Uint8Array>;
  let writing: WritableStreamDefaultController;
  const played = {
    written: [] as Uint8Array[],
    ended: "open" as "open" | "closed" | "cancelled" | "aborted",
    cancelled: false,
    send: (chunk: Uint8Array) => reading.enqueue(chunk),
    end: () => reading.close(),
    lose: () => {
      reading.error(new Error("lost"));
      writing.error(new Error("lost"));
    },
    tunnel: {
      status: 101,
      fields: [],
      readable: new ReadableStream<Uint8Array>({
        start: (controller) => void (reading = controller),
        cancel: () => void (played.cancelled = true),
      }),
      writable: new WritableStream<Uint8Array>({
        start: (controller) => void (writing = controller),
        write: (chunk) => void played.written.push(chunk),
        close: () => void (played.ended = "closed"),
        abort: () => void (played.ended = "aborted"),
      }),
    } as Tunnel,
  };
  return played;
}

/** Whether a promise is pending, or how it settled. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  return await Promise.race([
    promise.then(() => "resolved", String),
    settle().then(() => "pending"),
  ]);
}

testWithClock("timeout.tunnel: an idle tunnel is closed on both sides", async (clock) => {
  const up = upstream();
  const { readable, writable } = closedWhenIdle(up.tunnel, 1000);
  const read = readable.getReader().read();
  const { closed } = writable.getWriter();
  await clock.pass(999);
  assert.equal(await stateOf(read), "pending");
  assert.equal(await stateOf(closed), "pending");
  await clock.pass(1);
  assert.match(await stateOf(read), /nothing passed the tunnel for 1000 ms .*timeout\.tunnel/);
  assert.match(await stateOf(closed), /nothing passed the tunnel/);
  assert.deepEqual([up.cancelled, up.ended, clock.timers], [true, "aborted", 0]);
});

testWithClock(
  "timeout.tunnel: traffic in either direction keeps the tunnel open",
  async (clock) => {
    const up = upstream();
    const { readable, writable } = closedWhenIdle(up.tunnel, 1000);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    for (let i = 0; i < 3; i++) {
      await clock.pass(900);
      up.send(bytes);
      assert.deepEqual(await reader.read(), { done: false, value: bytes });
      await clock.pass(900);
      await writer.write(bytes);
    }
    assert.equal(up.written.length, 3);
    assert.equal(clock.timers, 1);
    const read = reader.read();
    await clock.pass(999);
    assert.equal(await stateOf(read), "pending");
    await clock.pass(1);
    assert.match(await stateOf(read), /nothing passed/);
  },
);

testWithClock(
  "timeout.tunnel: one half that ends leaves the limit for the other",
  async (clock) => {
    const up = upstream();
    const { readable, writable } = closedWhenIdle(up.tunnel, 1000);
    up.end();
    assert.equal((await readable.getReader().read()).done, true);
    const writer = writable.getWriter();
    await clock.pass(900);
    await writer.write(bytes);
    assert.equal(clock.timers, 1);
    await writer.close();
    await settle();
    assert.deepEqual([up.ended, clock.timers], ["closed", 0]);
  },
);

testWithClock(
  "timeout.tunnel: no timer remains after close, cancel or a lost connection",
  async (clock) => {
    type Played = ReturnType<typeof upstream>;
    const ways: readonly ((tunnel: Tunnel, up: Played) => Promise<unknown>)[] = [
      ({ readable }) => readable.cancel(),
      ({ writable }) => writable.abort(),
      ({ readable, writable }, { lose }) => {
        lose();
        return Promise.allSettled([readable.getReader().read(), writable.getWriter().closed]);
      },
      async ({ readable, writable }, { end, lose }) => {
        end();
        await readable.getReader().read();
        lose();
        await writable.getWriter().closed.catch(() => {});
      },
    ];
    for (const way of ways) {
      const up = upstream();
      await way(closedWhenIdle(up.tunnel, 1000), up);
      await settle();
      assert.equal(clock.timers, 0);
      await clock.pass(2000);
    }
  },
);

testWithClock("timeout.tunnel: 0 is no limit", (clock) => {
  const { tunnel } = upstream();
  assert.equal(closedWhenIdle(tunnel, 0), tunnel);
  assert.equal(clock.timers, 0);
});
