/** What a handler costs, without sockets: contenders take turns in one process. */
import type { Handler } from "handwerk";

const CALLS = 500;
/** Other work on the machine only ever makes a round longer. */
const leastDisturbed = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? NaN;

/** The time that a request to each handler takes, in nanoseconds: the lower quartile of rounds. */
export async function costs(
  handlers: Readonly<Record<string, Handler>>,
  url: string,
  rounds: number,
): Promise<Readonly<Record<string, number>>> {
  const times = new Map<string, number[]>(Object.keys(handlers).map((name) => [name, []]));
  for (let round = -5; round < rounds * 10; round++) { // the first ones warm up
    for (const [name, handler] of Object.entries(handlers)) {
      const requests = Array.from({ length: CALLS }, () => new Request(url));
      const start = performance.now();
      for (const request of requests) {
        const result = handler(request);
        if (result instanceof Promise) await result;
      }
      if (round >= 0) times.get(name)?.push((performance.now() - start) / CALLS * 1e6);
      // What the call has left to the collector is collected, as in a server that waits for I/O.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, leastDisturbed(values)]));
}
