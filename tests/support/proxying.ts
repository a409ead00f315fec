/** Proxies before a transport that keeps what it is given. */
import {
  type Capability,
  type Handler,
  type IncomingResponse,
  type OutgoingRequest,
  type ProxyOptions,
  proxyTo,
  type TargetOptions,
} from "handwerk";
import { FakeTransport, ok } from "./fake_transport.ts";

/** Options without the fields that the proxy adds by default. */
export const quiet = { via: false, xForwarded: "off" } as const;

/** The `Host` field and others cannot be set on a Request everywhere; a stand-in has them. */
export function received(
  fields: Readonly<Record<string, string>> = {},
  { url = "http://front/x", method = "GET", body = null }: {
    readonly url?: string;
    readonly method?: string;
    readonly body?: string | ReadableStream | null;
  } = {},
): Request {
  const init: RequestInit & { duplex?: "half" } = { method: body === null ? "GET" : "POST", body };
  if (body !== null) init.duplex = "half";
  const request = new Request("http://front/x", init);
  const lower = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const);
  Object.defineProperty(request, "method", { value: method });
  Object.defineProperty(request, "url", { value: url });
  Object.defineProperty(request, "headers", {
    value: {
      get: (name: string) => new Map(lower).get(name.toLowerCase()) ?? null,
      has: (name: string) => new Map(lower).has(name.toLowerCase()),
      [Symbol.iterator]: () => lower[Symbol.iterator](),
    },
  });
  return request;
}

/** The request that is sent to the upstream. */
export async function sent(
  request: Request,
  options: ProxyOptions = {},
  target: Partial<TargetOptions> = {},
  capabilities?: readonly Capability[],
): Promise<OutgoingRequest> {
  const transport = new FakeTransport(ok, capabilities);
  const app = proxyTo({ target: "http://up:5001", ...target }, {
    transport,
    onError: () => {},
    ...options,
  });
  const response = await app(request);
  if (transport.sent.length === 0) throw new Error(`answered ${response.status}`);
  return transport.last;
}

/** The response to the client for one of the upstream. */
export async function passedBack(
  incoming: Partial<IncomingResponse>,
  request: Request = new Request("http://front/"),
  options: ProxyOptions = {},
  target: Partial<TargetOptions> = {},
): Promise<Response> {
  const transport = new FakeTransport(() => ({ ...ok(), ...incoming }));
  const app = proxyTo({ target: "http://up:5001", ...target }, {
    transport,
    onError: () => {},
    ...quiet,
    ...options,
  });
  return await app(request);
}

/** A proxy whose errors are of no interest. */
export function timed(
  options: ProxyOptions,
  target: string | TargetOptions = "http://up",
): Handler {
  return proxyTo(target, { onError: () => {}, ...options });
}
