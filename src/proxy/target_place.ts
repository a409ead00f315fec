/**
 * The places that a target can be at.
 *
 * @module
 */
import { type Fetcher, type Handler, isFetcher, requireHandler } from "../handler.ts";
import { isServiceBinding } from "../runtime.ts";
import { readMember, readUrl } from "./member.ts";
import type { Transport } from "../transport/transport.ts";
import { bindingUpstream, localUpstream, remoteUpstream } from "./upstream.ts";
import type { Joinable, Refuse, UpstreamSet } from "./types.ts";
import type { UpstreamList, WeightedUrl } from "./upstreams/types.ts";

/**
 * Where to send requests: the URL of an upstream, `http:` or `https:`, to whose path that of the
 * request is appended; several URLs that share the requests; a list of them that changes, see
 * {@linkcode upstreamList}; a service binding of Cloudflare Workers; or a handler in this process,
 * which gets the platform arguments, too.
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

/** Checks what was configured as a place. */
export function readUpstreams(
  place: unknown,
  transport: Transport,
  name: string,
  refuse: Refuse,
): UpstreamSet {
  if (isFetcher(place) && isServiceBinding(place)) return { upstreams: [bindingUpstream(place)] };
  if (typeof place === "function" || isFetcher(place)) {
    return { upstreams: [localUpstream(requireHandler(`proxy: ${name}`, place))] };
  }
  if (!Array.isArray(place)) {
    if (isJoinable(place)) return place.join(transport);
    return { upstreams: [remoteUpstream(readUrl(place, refuse), 1, transport)] };
  }
  if (place.length === 0) refuse(" is an empty list; give it a URL");
  const upstreams = place.map((member: string | URL | WeightedUrl) => {
    const { url, weight } = readMember(`proxy: ${name}`, member, refuse);
    return remoteUpstream(url, weight, transport);
  });
  return { upstreams };
}

/** Whether a value can be such a place, and not a table of them. */
export function isPlace(value: unknown): boolean {
  return typeof value !== "object" || value === null || Array.isArray(value) ||
    value instanceof URL || isFetcher(value) || isJoinable(value);
}

function isJoinable(value: unknown): value is Joinable {
  return typeof value === "object" && value !== null && "join" in value;
}
