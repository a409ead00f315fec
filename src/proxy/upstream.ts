/**
 * The places that requests can be sent to: URLs, lists of them, service bindings, and handlers.
 *
 * @module
 */
import { checkOptions, type Checks, fail, shown } from "../config.ts";
import {
  type AnyHandler,
  type Handler,
  isFetcher,
  requireHandler,
  requireResponse,
} from "../handler.ts";
import { isServiceBinding } from "../runtime.ts";
import { callBinding, fromFetch, fromHandler } from "../transport/fetch_transport.ts";
import type { IncomingResponse, OutgoingRequest, Transport } from "../transport/transport.ts";
import { nativeAgreement, sendUpgrade } from "./proxy_upgrade.ts";
import type { Joinable, Refuse, SendingUpstream, UpstreamSet } from "./types.ts";
import type { AnyTarget, TargetOptions } from "./target_options.ts";
import type { WeightedUrl } from "./upstreams/types.ts";

/** Whether a value can be a place, and not a table of places. */
export function isPlace(value: unknown): boolean {
  return typeof value !== "object" || value === null || Array.isArray(value) ||
    value instanceof URL || isFetcher(value) || isJoinable(value);
}

/**
 * Whether a target is given with options. A service binding of Workers seems to have every
 * property.
 */
export function isOptions(value: AnyTarget): value is TargetOptions<AnyHandler> {
  return !isPlace(value) && "target" in (value as object);
}

function isJoinable(value: unknown): value is Joinable {
  return typeof value === "object" && value !== null && "join" in value;
}

/** Checks a place, and makes its upstreams. */
export function readUpstreams(
  place: unknown,
  transport: Transport,
  name: string,
  refuse: Refuse,
): UpstreamSet {
  if (isFetcher(place) && isServiceBinding(place)) {
    return { upstreams: [localUpstream((request) => callBinding(place, request), fromFetch)] };
  }
  if (typeof place === "function" || isFetcher(place)) {
    return { upstreams: [localUpstream(requireHandler(`proxy: ${name}`, place), fromHandler)] };
  }
  if (!Array.isArray(place)) {
    if (isJoinable(place)) return place.join(transport);
    return { upstreams: [remoteUpstream(readUrl(place, refuse), 1, transport)] };
  }
  if (place.length === 0) refuse(" is an empty list; give it a URL");
  const upstreams = place.map((member: string | URL | WeightedUrl) => {
    const { url, weight } = readWeightedUrl(`proxy: ${name}`, member, refuse);
    return remoteUpstream(url, weight, transport);
  });
  return { upstreams };
}

const WEIGHTED: Checks<WeightedUrl> = {
  url: () => {}, // by readUrl
  weight: (value, where) => {
    if (!(Number.isFinite(value) && Number(value) > 0)) fail(where, value, "a number above 0");
  },
};

/** Checks one of several URLs. */
export function readWeightedUrl(
  owner: string,
  member: string | URL | WeightedUrl,
  refuse: Refuse,
): { readonly url: URL; readonly weight: number } {
  const given = typeof member === "string" || member instanceof URL ? { url: member } : member;
  checkOptions<WeightedUrl>(owner, given, WEIGHTED, { required: ["url"] });
  return { url: readUrl(given.url, refuse), weight: given.weight ?? 1 };
}

/** Checks the URL of an upstream. */
export function readUrl(value: unknown, refuse: Refuse): URL {
  const url = (typeof value === "string" || value instanceof URL) && URL.parse(value) ||
    refuse(` is ${shown(value)}; give a URL such as "http://127.0.0.1:5001/"`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    refuse(' must be an http or https URL such as "http://127.0.0.1:5001/"');
  }
  if (url.search || url.hash) refuse(" must not have a query or a fragment; leave it out");
  if (url.username || url.password) {
    refuse(" must not hold credentials; set headers: { authorization: … }");
  }
  return url;
}

/** An upstream at the other end of a connection. */
export function remoteUpstream(url: URL, share: number, transport: Transport): SendingUpstream {
  return {
    url,
    share,
    weight: share,
    inFlight: 0,
    local: false,
    send: (request) => request.upgrade ? sendUpgrade(transport, request) : transport.send(request),
  };
}

/** A handler as an upstream; `read` reads its responses. */
function localUpstream(
  handler: Handler<readonly unknown[]>,
  read: (response: Response) => IncomingResponse,
): SendingUpstream {
  return {
    url: new URL("http://localhost/"),
    share: 1,
    weight: 1,
    inFlight: 0,
    local: true,
    async send(request, args) {
      const response = await handler(requestOf(request), ...args);
      return nativeAgreement(requireResponse("proxy: the handler of a target", response), read);
    },
  };
}

function requestOf({ url, method, host, fields, body, signal }: OutgoingRequest): Request {
  const headers = new Headers();
  for (const [name, value] of [["host", host] as const, ...fields]) headers.append(name, value);
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers,
    body,
    signal,
    redirect: "manual",
  };
  if (body) init.duplex = "half";
  const request = new Request(url, init);
  // Bun makes GET of methods that it does not know.
  if (request.method !== method) throw new TypeError(`no request can have the method ${method}`);
  return request;
}
