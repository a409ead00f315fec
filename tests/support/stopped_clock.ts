/** Time stands still, but for steps; `set` sets the time of day alone, as an administrator does. */
export async function withClock(
  use: (step: (by: number) => void, set: (by: number) => void) => Promise<void>,
): Promise<void> {
  const before = performance.now.bind(performance);
  const dayBefore = Date.now;
  let [time, day] = [Math.ceil(performance.now()), Date.now()];
  performance.now = () => time;
  Date.now = () => day;
  try {
    await use((by) => [time, day] = [time + by, day + by], (by) => day += by);
  } finally {
    performance.now = before;
    Date.now = dayBefore;
  }
}
