/**
 * What live frames cost, and that they do not pile up:
 * `node --expose-gc tests/bench/live.ts [errors]`.
 */
import { liveFrames } from "../../src/debug/live/live_frames.ts";

const errors = Number(process.argv[2] ?? 5000);
// Each look at the clock is a second later, so that the rate limit is not reached.
let time = 0;
performance.now = () => time += 1000;
const live = liveFrames(8);
const plain = <T>(work: () => T): T => work();

/** CPU time of one call, in microseconds: the best of five rounds. */
async function cost(times: number, work: () => unknown): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < times; i++) await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / times);
  }
  return best;
}
const request = async (): Promise<number> => {
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += await Promise.resolve(i);
  return sum;
};
function deep(depth: number): never {
  const held = { depth, text: "x".repeat(depth) };
  if (depth <= 0) throw new Error(held.text);
  return deep(depth - 1);
}
const failing = (run: typeof plain, depth: number) => async (): Promise<void> => {
  try {
    await run(async () => {
      await Promise.resolve();
      deep(depth);
    });
  } catch (error) {
    captured = live.framesOf(error).length > 0;
  }
};
let captured = false;
const rows: Record<string, { "off (µs)": string; "on (µs)": string }> = {};
const row = async (name: string, times: number, make: (run: typeof plain) => () => unknown) => {
  const on = await cost(times, make((work) => live.run(work)));
  rows[name] = { "off (µs)": off[name] ?? "", "on (µs)": on.toFixed(1) };
};
const off: Record<string, string> = {};
const table: readonly (readonly [string, number, (run: typeof plain) => () => unknown])[] = [
  ["request with 5 awaits", 20_000, (run) => () => run(request)],
  ["throw at depth 3", 200, (run) => failing(run, 3)],
  ["throw at depth 20", 200, (run) => failing(run, 20)],
];
for (const [name, times, make] of table) off[name] = (await cost(times, make(plain))).toFixed(1);
if (live.status !== "live") throw new Error(live.status.off);
for (const entry of table) await row(...entry);
if (!captured) throw new Error("nothing was captured");
console.table(rows);

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
const memory = async (): Promise<{ heap: number; rss: number }> => {
  // Weak references end in the turn after.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
};
const fail = failing((work) => live.run(work), 20);
for (let i = 0; i < 200; i++) await fail();
const report: Record<string, { heap: string; rss: string }> = {};
const step = errors / 5;
for (let done = 0; done <= errors; done += step) {
  const { heap, rss } = await memory();
  report[`after ${done} errors`] = { heap: megabytes(heap), rss: megabytes(rss) };
  if (done === errors) break;
  for (let i = 0; i < step; i++) await fail();
}
console.table(report);
