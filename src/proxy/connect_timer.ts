/**
 * Upstreams that must be connected to in time.
 *
 * @module
 */
import { ProxyError } from "./errors.ts";
import { discard } from "../host/watch_body.ts";
import type { Send } from "./types.ts";

/**
 * Sends as `send` does, but fails when there is no connection within `limit` milliseconds, 0 for as
 * long as it likes. Each attempt of a request has all of that time, wherever it was before.
 */
export function connecting(send: Send, limit: number): Send {
  if (limit === 0) return send;
  return (upstream, outgoing, args) => {
    if (upstream.local) return send(upstream, outgoing, args);
    return new Promise((resolve, reject) => {
      const late = new AbortController();
      const signal = AbortSignal.any([outgoing.signal, late.signal]);
      const timer = setTimeout(() => {
        const why = `no connection within ${limit} ms (option timeouts.connect)`;
        const failure = new ProxyError("connection_timeout", why);
        late.abort(failure);
        reject(failure); // a transport may not notice before it has the connection
      }, limit);
      const stop = (): void => clearTimeout(timer);
      signal.addEventListener("abort", stop, { once: true });
      send(upstream, { ...outgoing, signal, onConnected: stop }, args).finally(stop).then(
        (incoming) => late.signal.aborted ? discard(incoming.body) : resolve(incoming),
        reject,
      );
    });
  };
}
