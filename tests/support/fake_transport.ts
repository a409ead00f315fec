/** A transport that records requests and responds as the test says. */
import type { Capability, IncomingResponse, OutgoingRequest, Transport } from "handwerk";

export class FakeTransport implements Transport {
  readonly sent: OutgoingRequest[] = [];
  readonly capabilities: ReadonlySet<Capability>;
  readonly #answer: (request: OutgoingRequest) => IncomingResponse | Promise<IncomingResponse>;
  constructor(
    answer: (request: OutgoingRequest) => IncomingResponse | Promise<IncomingResponse> = ok,
    capabilities: readonly Capability[] = ["host", "anyMethod"],
  ) {
    this.#answer = answer;
    this.capabilities = new Set(capabilities);
  }
  async send(request: OutgoingRequest): Promise<IncomingResponse> {
    this.sent.push(request);
    return this.#answer(request);
  }
  get last(): OutgoingRequest {
    const last = this.sent.at(-1);
    if (!last) throw new Error("nothing was sent");
    return last;
  }
}

export function ok(): IncomingResponse {
  return { status: 200, reason: "OK", fields: [], body: new Response("upstream").body };
}
