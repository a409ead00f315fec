/**
 * The same upstream for the same key.
 *
 * @module
 */
import { fail, isRecord, requireSync } from "../../config.ts";
import { hash } from "../../http/hash.ts";
import { roundRobin } from "./balancers.ts";
import type { Balancer, SelectionContext, Upstream } from "./types.ts";

/**
 * What requests must share to go to the same upstream: the address of the client, the path, a field,
 * a cookie, or what a function makes of the request. A function returns `undefined` for no key.
 */
export type HashKey =
  | "address"
  | "path"
  | { readonly header: string }
  | { readonly cookie: string }
  | ((asked: SelectionContext) => string | undefined);

/**
 * Sends requests with the same key to the same upstream, by highest random weight (hashBy
 * hashing): every proxy comes to the same choice without asking another; an upstream that is added
 * takes over its own share of the keys, and no other key moves; the keys of one that goes spread over
 * all the others. Who sets the key, as a client does with a cookie, chooses the upstream.
 *
 * @param key What the requests have in common; see {@linkcode HashKey}.
 * @param otherwise Chooses for requests without the key. Default {@linkcode roundRobin}.
 * @returns A value for the option `balance`.
 * @throws {TypeError} When the key is none.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { hashBy } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     balance: hashBy({ cookie: "session" }),
 *   },
 * })(notFound);
 * ```
 */
export function hashBy(key: HashKey, otherwise: Balancer = roundRobin()): Balancer {
  const keyOf = reader(key);
  if (typeof otherwise !== "function") {
    fail(
      "hashBy: the balancer for requests without the key",
      otherwise,
      "one such as roundRobin()",
    );
  }
  return (upstreams, asked) => {
    const value = keyOf(asked);
    if (!value) return otherwise(upstreams, asked);
    return upstreams.reduce((best, upstream) =>
      score(upstream, value) > score(best, value) ? upstream : best
    );
  };
}

/** RFC 9110 §5.6.2: the names of fields and of cookies are tokens. */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

function reader(key: HashKey): (asked: SelectionContext) => string | undefined {
  if (typeof key === "function") return (asked) => requireSync("hashBy: the key", key(asked));
  if (key === "address") return ({ clientAddress }) => clientAddress;
  if (key === "path") return ({ request }) => URL.parse(request.url)?.pathname;
  if (isRecord(key) && Object.keys(key).length === 1) {
    const { header, cookie } = key as { header?: unknown; cookie?: unknown };
    const name = header ?? cookie;
    if (typeof name !== "string" || !TOKEN.test(name)) {
      return fail("hashBy: the name in the key", name, 'a token such as "x-user" or "session"');
    }
    return header === undefined
      ? ({ request }) => cookieValue(request.headers, name)
      : ({ request }) => request.headers.get(name) ?? undefined;
  }
  return fail(
    "hashBy: the key",
    key,
    '"address", "path", { header }, { cookie } or a function',
  );
}

/** The value of a cookie that the client sent. */
export function cookieValue(headers: Headers, name: string): string | undefined {
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** Uniform hashes made so win in proportion to the weights. */
function score({ url, weight }: Upstream, key: string): number {
  return -weight / Math.log((hash(`${url.href} ${key}`) + 0.5) / 2 ** 32);
}
