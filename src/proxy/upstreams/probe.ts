/**
 * Questions to upstreams that no client asked.
 *
 * @module
 */
import type { Field } from "../../http/hop_by_hop.ts";
import { discard } from "../exchange.ts";
import type { Changes } from "../target_place.ts";
import type { Connection } from "../../transport/transport.ts";
import type { Upstream } from "../upstream.ts";
import type { Health } from "./types.ts";

/** What requests to a target have in common. */
export interface Manner {
  readonly host: string | null;
  readonly headers: readonly Field[];
  readonly connection: Connection | undefined;
}

/**
 * Lets those who want to know whether upstreams are well ask them.
 *
 * @returns What to tell of upstreams that come and go.
 */
export function introduce(
  upstreams: readonly Upstream[],
  healths: readonly Health[],
  { host, headers, connection }: Manner,
): Changes {
  const ask = async (
    upstream: Upstream | undefined,
    path: string,
    signal: AbortSignal,
  ): Promise<number> => {
    const url = upstream && URL.parse(path, upstream.url);
    if (!upstream || url?.origin !== upstream.url.origin) {
      throw new TypeError("checks: the path must stay with the upstream");
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
  const attach = (some: readonly Upstream[]): void => {
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
