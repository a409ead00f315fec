/**
 * Upstreams that change while a proxy runs.
 *
 * @module
 */
import { fail } from "../../config.ts";
import type { Transport } from "../../transport/transport.ts";
import { readUrl, readWeightedUrl, remoteUpstream } from "../upstream.ts";
import type { Joinable, Refuse, SendingUpstream, UpstreamChanges, UpstreamSet } from "../types.ts";
import type { UpstreamList, WeightedUrl } from "./types.ts";

/** How many upstreams that are gone are remembered, should they come back. */
const REMEMBERED = 100;

const refuse: Refuse = (why) => {
  throw new TypeError(`upstreamList: the upstream${why}`);
};

/** Such a list, and what targets ask of it. */
class ChangingList implements UpstreamList, Joinable {
  readonly #weights = new Map<string, number>();
  readonly #members: Member[] = [];

  get urls(): readonly string[] {
    return [...this.#weights.keys()];
  }

  add(upstream: string | URL | WeightedUrl): void {
    const { url, weight } = readWeightedUrl("upstreamList", upstream, refuse);
    this.#weights.set(url.href, weight);
    for (const member of this.#members) member.add(url, weight);
  }

  remove(url: string | URL): boolean {
    const { href } = readUrl(url, refuse);
    for (const member of this.#members) member.remove(href);
    return this.#weights.delete(href);
  }

  replace(upstreams: Iterable<string | URL | WeightedUrl>): void {
    if (typeof upstreams === "string" || !(Symbol.iterator in Object(upstreams))) {
      fail("upstreamList: the list of upstreams", upstreams, 'one such as ["http://10.0.0.1/"]');
    }
    const next = [...upstreams].map((member) => readWeightedUrl("upstreamList", member, refuse));
    const kept = new Set(next.map(({ url }) => url.href));
    for (const url of this.urls) if (!kept.has(url)) this.remove(url);
    for (const member of next) this.add(member);
  }

  join(transport: Transport): UpstreamSet {
    const member = new Member(transport);
    for (const [url, weight] of this.#weights) member.add(new URL(url), weight);
    this.#members.push(member);
    return {
      upstreams: member.upstreams,
      watch: (changes) => void (member.changes = changes),
    };
  }
}

/** The upstreams of one target. */
class Member {
  readonly upstreams: SendingUpstream[] = [];
  changes: UpstreamChanges | undefined;
  readonly #transport: Transport;
  /** Those that are gone, the oldest first. */
  readonly #gone = new Map<string, SendingUpstream>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  add(url: URL, weight: number): void {
    const here = this.upstreams.find((upstream) => upstream.url.href === url.href);
    const upstream = here ?? this.#gone.get(url.href) ??
      remoteUpstream(url, weight, this.#transport);
    upstream.share = weight;
    if (here) return;
    this.#gone.delete(url.href);
    this.upstreams.push(upstream);
    this.changes?.added(upstream);
  }

  remove(href: string): void {
    const at = this.upstreams.findIndex((upstream) => upstream.url.href === href);
    const [upstream] = at < 0 ? [] : this.upstreams.splice(at, 1);
    if (!upstream) return;
    this.#gone.set(href, upstream);
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined && this.#gone.size > REMEMBERED) this.#gone.delete(oldest);
    this.changes?.removed(upstream);
  }
}

/**
 * Makes a list of upstreams that can be changed while proxies use it, as when servers are found by
 * service discovery. What is known of the health of an upstream stays as long as it is on the list,
 * and when it comes back. While the list is empty, requests are answered with 503. Targets may share
 * a list; each counts for itself.
 *
 * @param upstreams URLs to begin with, with their weights if they are not 1. Default none.
 * @returns A value for the option `target`.
 * @throws {TypeError} When one of them is no http URL.
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
