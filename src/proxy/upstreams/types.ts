/**
 * One of several upstreams, and what is asked of those who choose among them.
 *
 * @module
 */
import { type Check, like } from "../../config.ts";

/** One of the upstreams of a target, as those see it who choose among them. */
export interface Upstream {
  /** Its URL. */
  readonly url: URL;
  /** Its share of the requests now, relative to the weights of the others. */
  readonly weight: number;
  /** How many requests it has been sent whose responses have not come to their end. */
  readonly inFlight: number;
}

/** One of several upstreams that share the requests. */
export interface WeightedUrl {
  /** The URL of the upstream. */
  readonly url: string | URL;
  /** Its share of the requests, relative to the weights of the others. Default 1. */
  readonly weight?: number;
}

/** Upstreams that can be added and removed; see {@linkcode upstreamList}. */
export interface UpstreamList {
  /** The URLs of the upstreams now. */
  readonly urls: readonly string[];
  /**
   * Adds an upstream, or gives one that is there already another weight.
   *
   * @param upstream Its URL, with its weight if that is not 1.
   * @throws {TypeError} When it is no http URL.
   */
  add(upstream: string | URL | WeightedUrl): void;
  /**
   * Removes an upstream: it gets no more requests. Those that it has are answered.
   *
   * @param url Its URL.
   * @returns Whether it was there.
   */
  remove(url: string | URL): boolean;
  /**
   * Makes these the upstreams: adds those that are new, removes the others, and leaves alone, with
   * what is known of their health, those that stay.
   *
   * @param upstreams URLs, with their weights if they are not 1.
   * @throws {TypeError} When one of them is no http URL; then nothing changes.
   */
  replace(upstreams: Iterable<string | URL | WeightedUrl>): void;
}

/** What an upstream is chosen for. */
export interface SelectionContext {
  /** The request as it was received. Its content is not to be read. */
  readonly request: Request;
  /** The address of the client, where it is known. */
  readonly clientAddress: string | undefined;
}

/**
 * Chooses the upstream for a request: one of the given ones, of which there is at least one. Those
 * that are not well, or that were tried in vain for this request, are not among them.
 */
export interface Balancer {
  (upstreams: readonly Upstream[], asked: SelectionContext): Upstream;
  /**
   * The cookie, as a value of `Set-Cookie`, by which a client comes back to the upstream that has
   * answered it, or `undefined` when the client has it already; `headers` are those of its request.
   */
  readonly cookie?: (
    upstream: Upstream,
    headers: Headers,
    scope: CookieScope,
  ) => string | undefined;
}

/** What of a site a cookie is for. */
export interface CookieScope {
  /** The path that leads to the target. */
  readonly path: string;
  /** Whether the client came with TLS. */
  readonly secure: boolean;
}

/**
 * What became of a request: its response has begun; it has ended as it should; there was none, or
 * only a part of one; or nothing can be held against the upstream, as when the client left.
 */
export type AttemptEvent = "answered" | "ended" | "failed" | "abandoned";

/** Knows which upstreams are well. */
export interface Health {
  /**
   * Whether its word is law: where those that are so admit no upstream, requests are refused with
   * 503. What the others say is passed over when no upstream is well.
   */
  readonly strict?: boolean;
  /**
   * Is told which upstreams there are, when the proxy is built, and how to ask one: with a GET of
   * a path, which resolves to the status. Is called again with those that are added later.
   */
  attach?(
    upstreams: readonly Upstream[],
    ask: (upstream: Upstream, path: string, signal: AbortSignal) => Promise<number>,
  ): void;
  /** Is told that an upstream is there no more. */
  detach?(upstream: Upstream): void;
  /** Whether a request may be sent to the upstream now. */
  isAvailable(upstream: Upstream): boolean;
  /** The part of its weight that counts now, above 0. Default 1. */
  weightFactor?(upstream: Upstream): number;
  /**
   * Is told that a request is sent to one of the upstreams.
   *
   * @returns What to tell the news to. The status comes with `"answered"` alone.
   */
  track(
    upstream: Upstream,
    upstreams: readonly Upstream[],
  ): (news: AttemptEvent, status?: number) => void;
}

/** Checks a health. */
export const isHealth: Check = like(
  "one such as passiveHealth() or activeHealth()",
  "isAvailable",
  "track",
);

/** There is no upstream, or no room, for a request now: 503. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  /** The type of the error, of those that RFC 9209 §2.3 registers. */
  readonly type: "connection_limit_reached" | "destination_unavailable";
  /** When to come back, in seconds. */
  readonly retryAfter: number;

  constructor(type: Unavailable["type"], retryAfter: number, message: string) {
    super(message);
    this.type = type;
    this.retryAfter = retryAfter;
  }
}
