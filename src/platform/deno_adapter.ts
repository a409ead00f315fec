/**
 * Deno: its `fetch` with clients of our own.
 *
 * @module
 */
import { isIdempotent } from "../http/methods.ts";
import type { Field } from "../http/fields.ts";
import type { Connection, OutgoingRequest, Transport } from "../transport/transport.ts";
import { contentOnce } from "./deno_content.ts";
import { withoutProxies } from "./deno_proxies.ts";
import { fetched, fetchInit } from "../transport/fetch_transport.ts";
import { httpSend } from "../transport/node_http.ts";
import { httpUpgrade } from "../transport/node_upgrade.ts";
import { resending } from "../transport/stale.ts";

/** The part of Deno that is used here. */
interface DenoNetwork {
  createHttpClient(this: void, options: Readonly<Record<string, unknown>>): object;
}

const PLAIN: Connection = {};

/** Sends with Deno's `fetch`, and with its `node:http` what that would not do right. */
export function denoTransport(): Transport {
  const clientOf = clients();
  const sendKept = resending(httpSend());
  const sendOnce = httpSend(false);
  return {
    // Not `http2`: Deno takes a response that was reset with NO_ERROR or CANCEL for a whole one.
    capabilities: new Set(["host", "anyMethod", "tls", "upgrade"]),
    async send(given) {
      const request = withoutNothing(given);
      const { method, body } = request;
      if (!body) {
        // Fetch sends a request without content again when its connection is lost, even one that
        // the upstream has acted on; an agent that keeps no connections does not.
        if (!isIdempotent(method)) return sendOnce(request);
        if (mayBeCoded(request.fields)) return sendKept(request);
      }
      const init = fetchInit({ ...request, fields: uncoded(request) });
      if (body) init.body = contentOnce(body, request.fields);
      return fetched(
        await fetch(request.url, { ...init, client: clientOf(request) } as RequestInit),
      );
    },
    upgrade: httpUpgrade,
  };
}

/** Deno's server gives a stream where there is no content, and its fetch would send it in chunks. */
function withoutNothing(request: OutgoingRequest): OutgoingRequest {
  const empty = request.fields.some(([name, value]) => name === "content-length" && value === "0");
  return empty ? { ...request, body: null } : request;
}

/** The fields for fetch, which decodes gzip and br unless it is asked for no coding, or for a range. */
function uncoded({ fields, host }: OutgoingRequest): readonly Field[] {
  const all: readonly Field[] = [...fields, ["host", host]];
  if (fields.some(([name]) => name === "range")) return all;
  return [...all.filter(([name]) => name !== "accept-encoding"), ["accept-encoding", "identity"]];
}

/** Whether the answer may come in a coding, which fetch would undo; it does not for a range. */
function mayBeCoded(fields: readonly Field[]): boolean {
  const accepted = fields.filter(([name]) => name === "accept-encoding");
  const coded = accepted.some(([, value]) => value.trim().toLowerCase() !== "identity");
  return coded && !fields.some(([name]) => name === "range");
}

/** Makes one client for each target, which keeps connections for the next request. */
function clients(): (request: OutgoingRequest) => object {
  const { createHttpClient } = (globalThis as unknown as { Deno: DenoNetwork }).Deno;
  const made = new WeakMap<Connection, object>();
  return ({ connection = PLAIN }) => {
    const known = made.get(connection) ??
      withoutProxies(() =>
        createHttpClient({ ...certificates(connection), allowHost: true, http2: false })
      );
    made.set(connection, known);
    return known;
  };
}

function certificates({ tls = {} }: Connection): Record<string, unknown> {
  const { ca, cert, key } = tls;
  return {
    ...(ca === undefined ? {} : { caCerts: [ca].flat() }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
