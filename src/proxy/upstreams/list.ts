/**
 * Lists of upstreams that change while proxies use them.
 *
 * @module
 */
import { fail } from "../../config.ts";
import type { Transport } from "../../transport/transport.ts";
import type { Joinable, Refuse, SendingUpstream, UpstreamChanges, UpstreamSet } from "../types.ts";
import { readUrl, readWeightedUrl, remoteUpstream } from "../upstream.ts";
import type { UpstreamList, WeightedUrl } from "./types.ts";

/** How many removed upstreams a target remembers, with their health. */
const MAX_REMEMBERED = 100;

const refuse: Refuse = (why) => {
  throw new TypeError(`upstreamList: the upstream${why}`);
};

class ChangingList implements UpstreamList, Joinable {
  readonly #weights = new Map<string, number>();
  readonly #targets: TargetUpstreams[] = [];

  get urls(): readonly string[] {
    return [...this.#weights.keys()];
  }

  add(upstream: string | URL | WeightedUrl): void {
    const { url, weight } = readWeightedUrl("upstreamList", upstream, refuse);
    this.#weights.set(url.href, weight);
    for (const target of this.#targets) target.add(url, weight);
  }

  remove(url: string | URL): boolean {
    const { href } = readUrl(url, refuse);
    for (const target of this.#targets) target.remove(href);
    return this.#weights.delete(href);
  }

  replace(upstreams: Iterable<string | URL | WeightedUrl>): void {
    if (typeof upstreams === "string" || !(Symbol.iterator in Object(upstreams))) {
      fail("upstreamList: the list of upstreams", upstreams, 'one such as ["http://10.0.0.1/"]');
    }
    const next = [...upstreams].map((each) => readWeightedUrl("upstreamList", each, refuse));
    const kept = new Set(next.map(({ url }) => url.href));
    for (const url of this.urls) if (!kept.has(url)) this.remove(url);
    for (const each of next) this.add(each);
  }

  join(transport: Transport): UpstreamSet {
    const target = new TargetUpstreams(transport);
    for (const [url, weight] of this.#weights) target.add(new URL(url), weight);
    this.#targets.push(target);
    return {
      upstreams: target.upstreams,
      watch: (changes) => void (target.changes = changes),
    };
  }
}

/** The upstreams of one target, which counts requests and failures separately. */
class TargetUpstreams {
  readonly upstreams: SendingUpstream[] = [];
  changes: UpstreamChanges | undefined;
  readonly #transport: Transport;
  /** Removed upstreams, the oldest first. */
  readonly #removed = new Map<string, SendingUpstream>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  add(url: URL, weight: number): void {
    const present = this.upstreams.find((upstream) => upstream.url.href === url.href);
    const upstream = present ?? this.#removed.get(url.href) ??
      remoteUpstream(url, weight, this.#transport);
    upstream.share = weight;
    if (present) return;
    this.#removed.delete(url.href);
    this.upstreams.push(upstream);
    this.changes?.added(upstream);
  }

  remove(href: string): void {
    const index = this.upstreams.findIndex((upstream) => upstream.url.href === href);
    const [upstream] = index < 0 ? [] : this.upstreams.splice(index, 1);
    if (!upstream) return;
    this.#removed.set(href, upstream);
    const [oldest] = this.#removed.keys();
    if (oldest !== undefined && this.#removed.size > MAX_REMEMBERED) this.#removed.delete(oldest);
    this.changes?.removed(upstream);
  }
}

/**
 * Makes a list of upstreams that can change while proxies use it, for example by service discovery.
 * Upstreams that stay on the list, or return to it, keep their health. While the list is empty,
 * requests are answered with 503. Targets that share a list count requests and failures separately.
 *
 * @param upstreams The initial URLs, with weights if they are not 1.
 * @returns A value for the option `target`.
 * @throws {TypeError} When one of them is not an http or https URL.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { passiveHealth, upstreamList } from "@handwerk/handwerk/upstreams";
 *
 * const upstreams = upstreamList(["http://10.0.0.1/"]);
 * const app = proxy({ "/": { target: upstreams, health: passiveHealth() } })(notFound);
 * upstreams.add("http://10.0.0.2/");
 * upstreams.remove("http://10.0.0.1/");
 * ```
 */
export function upstreamList(
  upstreams: Iterable<string | URL | WeightedUrl> = [],
): UpstreamList {
  const list = new ChangingList();
  list.replace(upstreams);
  return list;
}
