/**
 * Which of several upstreams gets a request.
 *
 * @module
 */
import type { Attempt, Deliver } from "../forward.ts";
import type { Upstream } from "../upstream.ts";

/** Asks the upstreams in turn, each as often as its weight says, and each request once. */
export function inTurn(upstreams: readonly Upstream[]): Deliver {
  const credits = upstreams.map(() => 0);
  const total = upstreams.reduce((sum, { weight }) => sum + weight, 0);
  return (_asked, attempt: (upstream: Upstream) => Promise<Attempt>) => {
    let best = 0;
    for (const [i, { weight }] of upstreams.entries()) {
      credits[i] = (credits[i] ?? 0) + weight;
      if ((credits[i] ?? 0) > (credits[best] ?? 0)) best = i;
    }
    credits[best] = (credits[best] ?? 0) - total;
    return attempt(upstreams[best] as Upstream);
  };
}
