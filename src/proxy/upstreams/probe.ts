/**
 * Questions to upstreams that no client asked.
 *
 * @module
 */
import type { Field } from "../../http/fields.ts";
import type { Connection } from "../../transport/transport.ts";
import type { Health } from "./types.ts";
import { discard } from "../../host/watch_body.ts";
import type { SendingUpstream, UpstreamChanges } from "../types.ts";

/** What requests to a target have in common. */
export interface ProbeRequest {
  readonly host: string | null;
  readonly headers: readonly Field[];
  readonly connection: Connection | undefined;
}

/**
 * Lets those who want to know whether upstreams are well ask them.
 *
 * @returns What to tell of upstreams that come and go.
 */
export function attachHealth(
  upstreams: readonly SendingUpstream[],
  healths: readonly Health[],
  { host, headers, connection }: ProbeRequest,
): UpstreamChanges {
  const ask = async (
    upstream: SendingUpstream | undefined,
    path: string,
    signal: AbortSignal,
  ): Promise<number> => {
    const url = upstream && URL.parse(path, upstream.url);
    if (!upstream || url?.origin !== upstream.url.origin) {
      throw new TypeError("activeHealth: the path must stay with the upstream");
    }
    const { status, body } = await upstream.send({
      url,
      method: "GET",
      host: host === null || host === "<auto>" ? url.host : host,
      fields: headers,
      body: null,
      signal,
      ...(connection && { connection }),
    }, []);
    discard(body);
    return status;
  };
  const attach = (some: readonly SendingUpstream[]): void => {
    for (const health of healths) {
      health.attach?.(
        some,
        (candidate, path, signal) =>
          ask(upstreams.find((upstream) => upstream === candidate), path, signal),
      );
    }
  };
  attach(upstreams);
  return {
    added: (upstream) => attach([upstream]),
    removed(upstream) {
      for (const health of healths) health.detach?.(upstream);
    },
  };
}
