/**
 * The places that a target can be at.
 *
 * @module
 */
import { type Handler, requireHandler } from "../handler.ts";
import type { Refuse } from "./connection.ts";
import type { Transport } from "./transport.ts";
import {
  type Fetcher,
  fetcherUpstream,
  localUpstream,
  remoteUpstream,
  type Upstream,
  type WeightedUrl,
} from "./upstream.ts";
import {
  type Changes,
  ChangingList,
  readMember,
  readUrl,
  type UpstreamList,
} from "./upstreams/list.ts";

/**
 * Where to send requests: the URL of an upstream, `http:` or `https:`, to whose path that of the
 * request is appended; several URLs that share the requests; a list of them that changes, see
 * {@linkcode upstreamList}; a service binding of Cloudflare
 * Workers; or a handler in this process, which gets the platform arguments, too.
 *
 * What a handler has from `fetch`, and returns as it is, is taken for content that `fetch` has
 * decoded, so that its `Content-Encoding` is left out. Nothing tells whether it has: content that it
 * was asked to leave as it comes (`decompress: false` on Bun, `encodeResponseBody: "manual"` on
 * Workers) must be returned in a new response, `new Response(response.body, response)`.
 */
export type TargetPlace<H = Handler> =
  | string
  | URL
  | readonly (string | URL | WeightedUrl)[]
  | UpstreamList
  | Fetcher
  | H;

/** The upstreams at a place, and how to hear of changes, where there can be any. */
export interface Place {
  readonly upstreams: readonly Upstream[];
  readonly watch?: (changes: Changes) => void;
}

/** Checks what was configured as a place. */
export function readPlace(
  place: unknown,
  transport: Transport,
  name: string,
  refuse: Refuse,
): Place {
  // The type of the middleware has made sure that the arguments are those it needs.
  if (typeof place === "function") {
    requireHandler(`proxy: ${name}`, place);
    return { upstreams: [localUpstream(place as Handler<readonly unknown[]>)] };
  }
  if (place instanceof ChangingList) return place.join(transport);
  if (isFetcher(place)) return { upstreams: [fetcherUpstream(place)] };
  if (!Array.isArray(place)) {
    return { upstreams: [remoteUpstream(readUrl(place, refuse), 1, transport)] };
  }
  if (place.length === 0) refuse(" is an empty list; give it a URL");
  const upstreams = place.map((member: string | URL | WeightedUrl) => {
    const { url, weight } = readMember(`proxy: ${name}`, member, refuse);
    return remoteUpstream(url, weight, transport);
  });
  return { upstreams };
}

/** Whether it is a service binding, or something like it. */
export function isFetcher(value: unknown): value is Fetcher {
  return typeof value === "object" && value !== null && "fetch" in value &&
    typeof value.fetch === "function";
}
