/** The clocks of the runtime stand still, but for steps. */
export async function withClock(use: (step: (by: number) => void) => Promise<void>): Promise<void> {
  const { now } = Date;
  const { performance } = globalThis;
  const original = performance.now;
  const start = performance.now();
  let time = now();
  const from = time;
  Date.now = () => time;
  performance.now = () => start + time - from;
  try {
    await use((by) => (time += by));
  } finally {
    Date.now = now;
    performance.now = original;
  }
}
