/**
 * Types that the phases of a proxied request share.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { MountState } from "../mount.ts";
import type {
  Connection,
  IncomingResponse,
  OutgoingRequest,
  Transport,
} from "../transport/transport.ts";
import type { ProxySettings } from "./proxy_options.ts";
import type { TargetOptions } from "./target_options.ts";
import type { Upgrade } from "./proxy_upgrade.ts";
import type { Upload } from "./upload.ts";
import type { Limit } from "./upstreams/limits.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import type { Retry } from "./upstreams/retries.ts";
import type { Balancer, Health } from "./upstreams/types.ts";

/** A checked target. */
export interface Target extends
  Required<
    Pick<
      TargetOptions,
      | "removePrefix"
      | "host"
      | "credentials"
      | "rewriteLocation"
      | "rewriteOrigin"
      | "secureCookies"
    >
  > {
  /** Chooses upstreams and tries them. */
  readonly deliver: (delivery: Delivery) => Promise<Attempt>;
  /** The cookie by which a client returns to its upstream, for a balancer that sets one. */
  readonly cookie: Balancer["cookie"];
  /** Whether every method can be sent. */
  readonly anyMethod: boolean;
  /** Whether content can be sent with GET. */
  readonly getContent: boolean;
  readonly headers: readonly Field[];
  /** Whether a field of the client, by its name, is not forwarded. */
  readonly dropped: (name: string) => boolean;
  /** Whether the proxy must not add a field either, because the options set or remove it. */
  readonly removed: ((name: string) => boolean) | undefined;
  /** The part of the path behind the mounts that leads here and is kept, in canonical form. */
  readonly scope: string;
  readonly connection: Connection | undefined;
  /** Copies requests, and where the copies go. */
  readonly mirror: { readonly by: Mirror; readonly to: Target } | undefined;
}

/** How the upstreams of a target are used. */
export interface PoolSettings {
  readonly balance: Balancer;
  readonly healths: readonly Health[];
  readonly retry: Retry | undefined;
  readonly limit: Limit | undefined;
}

/** A place that requests are sent to. */
export interface SendingUpstream {
  /** Its URL. Only the path of a local upstream has a meaning. */
  readonly url: URL;
  /** Its configured share of the requests, relative to the others. */
  share: number;
  /** Its share now, which may be smaller. */
  weight: number;
  /** The number of requests whose responses have not ended. */
  inFlight: number;
  /** Whether it is called in this process, with the origin that the client asked for. */
  readonly local: boolean;
  /** Sends a request; `args` are the platform arguments. */
  send(request: OutgoingRequest, args: readonly unknown[]): Promise<IncomingResponse>;
}

/** The client of a request, as far as the proxy knows it. */
export interface ClientInfo {
  /** The address at the other end of the connection, where it is known. */
  readonly peer: string | undefined;
  /** Whether the peer is a trusted proxy. */
  readonly trusted: boolean;
  /** The address of the client, behind the trusted proxies. */
  readonly address: string | undefined;
  /** The host that the client asked for. */
  readonly host: string;
  /** The scheme, `http` or `https`. */
  readonly proto: string;
  /** The path in front of the one that the upstream is asked for. */
  readonly prefix: string;
}

/** A received request, and where it goes. */
export interface ClientRequest {
  readonly request: Request;
  readonly args: readonly unknown[];
  readonly mount: MountState;
  /** The name of the proxy in `Via`, if it has one. */
  readonly pseudonym: string | undefined;
  readonly client: ClientInfo;
  readonly target: Target;
  readonly settings: ProxySettings;
  readonly upgrade: Upgrade | undefined;
  /** Aborts when the response is not wanted any more. */
  readonly signal: AbortSignal;
}

/** A request to one of the upstreams of a target. */
export interface Delivery extends ClientRequest {
  /** The fields to send, the same for every upstream. */
  readonly fields: readonly Field[];
  /** The content to send. */
  readonly upload: Upload | undefined;
  /** The upstream that was tried last. */
  tried: SendingUpstream | undefined;
}

/** A response of an upstream, and the request to it. */
export interface Attempt {
  readonly upstream: SendingUpstream;
  readonly outgoing: OutgoingRequest;
  readonly incoming: IncomingResponse;
}

/** Throws a `TypeError` that names the target. */
export type Refuse = (why: string) => never;

/** The upstreams of a target. */
export interface UpstreamSet {
  readonly upstreams: readonly SendingUpstream[];
  /** Registers for changes, where the list can change. */
  readonly watch?: (changes: UpstreamChanges) => void;
}

/** Notified when upstreams are added or removed. */
export interface UpstreamChanges {
  readonly added: (upstream: SendingUpstream) => void;
  readonly removed: (upstream: SendingUpstream) => void;
}

/** A list that gives its upstreams to every target. A list that is not used is in no bundle. */
export interface Joinable {
  /** The upstreams as objects of the target's own, in a list that changes. */
  join(transport: Transport): UpstreamSet;
}
