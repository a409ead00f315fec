/**
 * Upstreams, and the interfaces of the policies that use them.
 *
 * @module
 */
import { type Check, like } from "../../config.ts";

/** One of the upstreams of a target, as policies see it. */
export interface Upstream {
  /** Its URL. */
  readonly url: URL;
  /** Its current share of the requests, relative to the weights of the other upstreams. */
  readonly weight: number;
  /** The number of requests that were sent to it and whose responses have not ended. */
  readonly inFlight: number;
}

/** The URL of an upstream, with a weight. */
export interface WeightedUrl {
  /** The URL of the upstream. */
  readonly url: string | URL;
  /**
   * Its share of the requests, relative to the weights of the other upstreams.
   *
   * @default 1
   */
  readonly weight?: number;
}

/** Upstreams that can be added and removed; see {@linkcode upstreamList}. */
export interface UpstreamList {
  /** The URLs of the current upstreams. */
  readonly urls: readonly string[];
  /**
   * Adds an upstream, or changes the weight of one that is in the list.
   *
   * @param upstream Its URL, with a weight if that is not 1.
   * @throws {TypeError} When it is not an http or https URL.
   */
  add(upstream: string | URL | WeightedUrl): void;
  /**
   * Removes an upstream: it gets no further requests. Responses that have begun are completed.
   *
   * @param url Its URL.
   * @returns Whether it was in the list.
   */
  remove(url: string | URL): boolean;
  /**
   * Replaces the upstreams: adds those that are new and removes the others. Those that stay keep
   * their health.
   *
   * @param upstreams URLs, with weights if they are not 1.
   * @throws {TypeError} When one of them is not an http or https URL. Then nothing changes.
   */
  replace(upstreams: Iterable<string | URL | WeightedUrl>): void;
}

/** The request that an upstream is chosen for. */
export interface SelectionContext {
  /** The request of the client. Its body must not be read. */
  readonly request: Request;
  /** The address of the client, where it is known. */
  readonly clientAddress: string | undefined;
}

/**
 * A load-balancing policy: returns one of the given upstreams, of which there is at least one. They
 * are the available upstreams that this request was not sent to yet, as far as there are any.
 */
export interface Balancer {
  (upstreams: readonly Upstream[], context: SelectionContext): Upstream;
  /**
   * The value of `Set-Cookie` that leads a client back to the upstream that responded, or `undefined`
   * when the client has that cookie already.
   *
   * @param headers The headers of the request.
   */
  readonly cookie?: (
    upstream: Upstream,
    headers: Headers,
    scope: CookieScope,
  ) => string | undefined;
}

/** The part of a site that a cookie is for. */
export interface CookieScope {
  /** The path that leads to the target. */
  readonly path: string;
  /** Whether the client uses TLS. */
  readonly secure: boolean;
}

/**
 * An event of a request to an upstream: the response has started (`answered`) or has ended completely
 * (`ended`); the upstream has sent no response, or an incomplete one (`failed`); or the request was
 * given up for a reason that is not the upstream's, such as a client disconnect (`abandoned`).
 */
export type AttemptEvent = "answered" | "ended" | "failed" | "abandoned";

/** Sends a GET request for a path to an upstream; resolves to the status of the response. */
export type Probe = (upstream: Upstream, path: string, signal: AbortSignal) => Promise<number>;

/** Decides which upstreams are available. */
export interface Health {
  /**
   * Whether requests are answered with 503 when this finds no upstream available. Otherwise, it is
   * ignored when no upstream is available.
   *
   * @default false
   */
  readonly strict?: boolean;
  /** Called with the upstreams when the proxy is built, and with each upstream that is added later. */
  attach?(upstreams: readonly Upstream[], probe: Probe): void;
  /** Called when an upstream is removed. */
  detach?(upstream: Upstream): void;
  /** Whether a request may be sent to the upstream now. */
  isAvailable(upstream: Upstream): boolean;
  /**
   * The current share of its weight, above 0.
   *
   * @default () => 1
   */
  weightFactor?(upstream: Upstream): number;
  /**
   * Called before a request is sent to an upstream.
   *
   * @param upstreams All upstreams of the target.
   * @returns Called with the events of the request; with `"answered"`, also with the status.
   */
  track(
    upstream: Upstream,
    upstreams: readonly Upstream[],
  ): (event: AttemptEvent, status?: number) => void;
}

/** Checks a value for the option `health`. */
export const isHealth: Check = like(
  "one such as passiveHealth() or activeHealth()",
  "isAvailable",
  "track",
);
