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
import type { Upload } from "./upload.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import type { Balancer, SelectionContext } from "./upstreams/types.ts";

/** Throws a `TypeError` that names the target. */
export type Refuse = (why: string) => never;

/** A place that requests are sent to. */
export interface SendingUpstream {
  /** Its URL. Where there is no network between, the path alone means something. */
  readonly url: URL;
  /** Its share of the requests in the long run, relative to that of the others. */
  share: number;
  /** Its share now, which may be smaller. */
  weight: number;
  /** How many requests it has been sent whose responses have not come to their end. */
  inFlight: number;
  /** Whether it is called in this process, with the origin that the client asked for. */
  readonly local: boolean;
  /** Sends a request; `args` are what the host passed after the request. */
  send(request: OutgoingRequest, args: readonly unknown[]): Promise<IncomingResponse>;
}

/** The step of the pipeline that sends. */
export type Send = (
  upstream: SendingUpstream,
  outgoing: OutgoingRequest,
  args: readonly unknown[],
) => Promise<IncomingResponse>;

/** What an upstream answered, and to what. */
export interface Attempt {
  readonly upstream: SendingUpstream;
  readonly outgoing: OutgoingRequest;
  readonly incoming: IncomingResponse;
}

/** A request that one of the upstreams of a target is to answer. */
export interface Delivery {
  readonly asked: SelectionContext;
  /** The request as it was received. */
  readonly request: Request;
  /** The content that is sent. */
  readonly upload: Upload | undefined;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** How long anybody will wait for the answer to begin, in milliseconds. */
  readonly patience: number;
  /** Sends it to an upstream. */
  readonly attempt: (upstream: SendingUpstream) => Promise<Attempt>;
}

/** The step of the pipeline that chooses upstreams, and tries one after the other. */
export type Deliver = (delivery: Delivery) => Promise<Attempt>;

/** A checked target. */
export interface Target {
  /** Sends a request to one of its upstreams. */
  readonly deliver: Deliver;
  /** The cookie by which a client comes back to its upstream, where there is one. */
  readonly cookie: Balancer["cookie"];
  /** Whether every method can be sent. */
  readonly anyMethod: boolean;
  /** Whether content can be sent with GET. */
  readonly getContent: boolean;
  readonly removePrefix: boolean;
  readonly host: string | null;
  readonly headers: readonly Field[];
  /** Tells which fields, by name, are not passed on from clients. */
  readonly dropped: (name: string) => boolean;
  /** Tells which the proxy may not add either, because the options set or remove them. */
  readonly removed: ((name: string) => boolean) | undefined;
  readonly credentials: boolean;
  readonly rewriteLocation: boolean;
  readonly rewriteOrigin: boolean;
  readonly secureCookies: boolean;
  /** The part of the path behind the mounts that leads here and is not removed, in canonical form. */
  readonly scope: string;
  readonly connection: Connection | undefined;
  /** What makes copies of requests, and where they go. */
  readonly mirror: { readonly by: Mirror; readonly to: Target } | undefined;
}

/** What the proxy knows of a request that it received. */
export interface ClientInfo {
  /** The address at the other end of the connection, where it is known. */
  readonly peer: string | undefined;
  /** Whether the peer is a proxy to trust. */
  readonly trusted: boolean;
  /** The address of the client, behind the proxies to trust. */
  readonly client: string | undefined;
  /** The host that the client asked for. */
  readonly host: string;
  /** The scheme, `http` or `https`. */
  readonly proto: string;
  /** The path that the client knows in front of the one that the upstream is asked for. */
  readonly prefix: string;
}

/** A request that was received, and where it goes. */
export interface ClientRequest {
  readonly request: Request;
  readonly mount: MountState;
  readonly seen: ClientInfo;
  readonly target: Target;
  /** The content as it was received. */
  readonly body: ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal;
}

/** What is told of upstreams that come and go. */
export interface UpstreamChanges {
  readonly added: (upstream: SendingUpstream) => void;
  readonly removed: (upstream: SendingUpstream) => void;
}

/** What gives its upstreams to every target; a list that nobody makes is in no bundle. */
export interface Joinable {
  /** The upstreams as objects of the target's own, in a list that changes. */
  join(transport: Transport): UpstreamSet;
}

/** The upstreams at a place, and how to hear of changes, where there can be any. */
export interface UpstreamSet {
  readonly upstreams: readonly SendingUpstream[];
  readonly watch?: (changes: UpstreamChanges) => void;
}
