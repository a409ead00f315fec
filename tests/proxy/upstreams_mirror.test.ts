/** Mirrors, which must not affect the original. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SendCopy } from "handwerk";
import { type MirrorOptions, mirrorTo } from "handwerk/upstreams";
import { seeded, settle, testWithClock, withRandom } from "../support/fake_clock.ts";

const never = (): Promise<never> => new Promise(() => {});
const KIB = new Uint8Array(1024).map((_, i) => i);
/** Content that tells how much of it was taken. */
function content(
  kibibytes: number,
  error?: Error,
): { body: ReadableStream<Uint8Array>; taken: number } {
  const made = {
    taken: 0,
    body: new ReadableStream<Uint8Array>({
      pull(controller) {
        if (made.taken < kibibytes) {
          made.taken++;
          return controller.enqueue(KIB.slice());
        }
        return error ? controller.error(error) : controller.close();
      },
    }, { highWaterMark: 0 }),
  };
  return made;
}

/** What the mirror was sent. */
interface Copy {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal;
}
interface Made {
  readonly original: ReadableStream<Uint8Array>;
  readonly copy: Copy;
  readonly aborted: unknown[];
}
type Answer = (copy: Copy) => ReturnType<SendCopy>;
function reflected(
  body: ReadableStream<Uint8Array>,
  answer: Answer,
  options: MirrorOptions = {},
): Made {
  const [copies, aborted]: [Copy[], unknown[]] = [[], []];
  const mirror = mirrorTo("http://mirror/", options);
  const original = mirror.copy(body, (body, signal) => {
    copies.push({ body, signal });
    return answer({ body, signal });
  }, (reason) => aborted.push(reason));
  const [copy, second] = copies;
  assert.ok(original && copy && !second);
  return { original, copy, aborted };
}
const bytesOf = async (body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> =>
  new Uint8Array(await new Response(body).arrayBuffer());

testWithClock("mirror: gets the same bytes; its response is discarded", async (clock) => {
  let cancelled = false;
  let copied: Uint8Array | undefined;
  const { original } = reflected(content(100).body, async ({ body }) => {
    copied = await bytesOf(body);
    return new ReadableStream({ cancel: () => void (cancelled = true) });
  });
  const bytes = await bytesOf(original);
  await settle();
  assert.equal(bytes.length, 100 * 1024);
  assert.deepEqual(copied, bytes);
  assert.ok(cancelled);
  assert.equal(clock.timers, 0);
});

test("mirror: a copy that lags by more than 64 KiB is dropped; the original is complete", async () => {
  const source = content(1024);
  const { original, copy } = reflected(source.body, never);
  const reader = original.getReader();
  const received: Uint8Array[] = [];
  for (let kibibyte = 1;; kibibyte++) {
    const { done, value } = await reader.read();
    if (done) break;
    received.push(value);
    assert.equal(source.taken, kibibyte); // not a byte ahead of the original
    assert.equal(copy.signal.aborted, kibibyte > 64, String(kibibyte));
  }
  assert.equal(received.length, 1024);
  assert.ok(received.every((chunk) => chunk.every((byte, i) => byte === KIB[i])));
  await assert.rejects(bytesOf(copy.body));
});

test("mirror: the original sets the pace", async () => {
  const source = content(10);
  const { copy } = reflected(source.body, never);
  const reading = copy.body?.getReader().read();
  await settle();
  assert.equal(source.taken, 0);
  void reading?.catch(() => {});
});

testWithClock("mirror: failures do not affect the original", async (clock) => {
  const failures: Answer[] = [
    () => Promise.reject(new Error("refused")),
    () => {
      throw new Error("thrown");
    },
    async ({ body }) => {
      const reader = body?.getReader();
      await reader?.read();
      await reader?.cancel();
      throw new Error("reset");
    },
    async () => new ReadableStream({ cancel: () => Promise.reject(new Error("cannot cancel")) }),
  ];
  for (const answer of failures) {
    const { original, aborted } = reflected(content(100).body, answer);
    assert.equal((await bytesOf(original)).length, 100 * 1024);
    await settle();
    assert.equal(clock.timers, 0);
    assert.deepEqual(aborted, []);
  }
});

test("mirror: after its response, the rest of the body is not copied", async () => {
  const { original, copy } = reflected(content(10).body, async () => null);
  await settle();
  assert.ok(copy.signal.aborted);
  await assert.rejects(bytesOf(copy.body));
  assert.equal((await bytesOf(original)).length, 10 * 1024);
});

testWithClock("mirror: a copy that takes too long is aborted", async (clock) => {
  const { copy } = reflected(
    content(1).body,
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    {
      timeout: 500,
    },
  );
  await clock.pass(499);
  assert.ok(!copy.signal.aborted);
  await clock.pass(1);
  assert.ok(copy.signal.aborted);
});

testWithClock(
  "mirror: a copy without a body that takes too long is aborted, too",
  async (clock) => {
    const mirror = mirrorTo("http://mirror/", { timeout: 500 });
    let given: AbortSignal | undefined;
    mirror.copy(null, (_, signal) => {
      given = signal;
      return never();
    }, () => {});
    await clock.pass(500);
    assert.ok(given?.aborted);
  },
);

test("mirror: a body that fails fails for both, after both requests are aborted", async () => {
  const cut = new Error("cut");
  const order: string[] = [];
  const { original, copy, aborted } = reflected(content(2, cut).body, ({ body, signal }) => {
    signal.addEventListener("abort", () => order.push("copy aborted"));
    return bytesOf(body).then(() => null, () => {
      order.push("copy cut");
      return never();
    });
  });
  await assert.rejects(bytesOf(original), cut);
  await settle();
  assert.deepEqual(aborted, [cut]);
  assert.ok(copy.signal.aborted);
  assert.deepEqual(order, ["copy aborted", "copy cut"]);
});

test("mirror: an upstream that cancels the body ends the copy and the client's body", async () => {
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(KIB.slice()),
    cancel: (reason) => void (cancelled = reason),
  });
  const { original, copy } = reflected(body, never);
  await original.cancel("enough");
  assert.equal(cancelled, "enough");
  assert.ok(copy.signal.aborted);
});

test("mirror: chunks are copied, since a transport may detach them", async () => {
  const { original, copy } = reflected(content(1).body, never);
  const { value } = await original.getReader().read();
  value?.fill(0xff);
  const copied = await copy.body?.getReader().read();
  assert.deepEqual(copied?.value, KIB);
});

testWithClock(
  "mirror: copies a share of the requests, up to maxInFlight",
  async () => {
    const half = mirrorTo("http://mirror/", { share: 0.5 });
    await withRandom(seeded(7), () => {
      const chosen = Array.from({ length: 10_000 }, () => half.shouldCopy()).filter(Boolean).length;
      assert.ok(chosen > 4800 && chosen < 5200, String(chosen));
    });
    assert.equal(mirrorTo("http://mirror/", { share: 0 }).shouldCopy(), false);
    const all = mirrorTo("http://mirror/", { maxInFlight: 2 });
    for (let i = 0; i < 2; i++) {
      assert.equal(all.shouldCopy(), true);
      all.copy(null, never, () => {});
    }
    assert.equal(all.shouldCopy(), false);
    const done = mirrorTo("http://mirror/", { maxInFlight: 1 });
    done.copy(null, async () => null, () => {});
    await settle();
    assert.equal(done.shouldCopy(), true);
  },
);

test("mirror: options out of bounds are refused", () => {
  for (const options of [{ share: 1.1 }, { share: -1 }, { timeout: 0 }, { maxInFlight: 0 }]) {
    assert.throws(() => mirrorTo("http://mirror/", options), /^TypeError: mirrorTo: /);
  }
});
