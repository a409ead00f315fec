/**
 * The places that a request can be sent to.
 *
 * @module
 */
import { type Handler, requireResponse } from "../handler.ts";
import { answered, askBinding } from "../transport/service_binding.ts";
import type { ServiceBinding } from "../runtime.ts";
import { fetched } from "../transport/fetch_transport.ts";
import type { IncomingResponse, OutgoingRequest, Transport } from "../transport/transport.ts";
import { nativeAgreement, sendUpgrade } from "./proxy_upgrade.ts";
import type { SendingUpstream } from "./types.ts";

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

/** A service binding of Cloudflare Workers as an upstream. */
export function bindingUpstream(binding: ServiceBinding): SendingUpstream {
  return localUpstream((request) => askBinding(binding, request), fetched);
}

/**
 * A handler as an upstream.
 *
 * @param read What a response of it says.
 */
export function localUpstream(
  answer: Handler<readonly unknown[]>,
  read: (response: Response) => IncomingResponse = answered,
): SendingUpstream {
  return {
    url: new URL("http://localhost/"),
    share: 1,
    weight: 1,
    inFlight: 0,
    local: true,
    async send(request, args) {
      const response = await answer(requestOf(request), ...args);
      return nativeAgreement(requireResponse("proxy: the handler of a target", response), read);
    },
  };
}

/** What a handler is given. */
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
  // Bun's makes GET of methods that it does not know.
  if (request.method !== method) throw new TypeError(`no request can have the method ${method}`);
  return request;
}
