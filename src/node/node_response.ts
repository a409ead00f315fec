/**
 * The response that our own handlers make on Node: a status, header lines and a body, which the
 * server writes as they are. It creates a native `Response` or `Headers` for code that asks for them.
 *
 * @module
 */
import { appendHeaders, bodyLength } from "../host/make_response.ts";
import { isPushBody, toReadableStream } from "../host/push_body.ts";
import type { PushBody, ResponseBody, ResponseHead } from "../host/types.ts";
import type { RawHeaders } from "../http/fields.ts";
import { standInFor } from "./lazy_headers.ts";

/** The parts of a response as the server writes them. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** All header lines but those that frame the body. */
  readonly fields: RawHeaders;
  readonly length: number | undefined;
  readonly body: ResponseBody | PushBody;
}

/** A response on Node. */
export class NodeResponse {
  readonly #head: ResponseHead;
  readonly #body: ResponseBody | PushBody;
  #headers: Headers | undefined;
  #content: Response | "sent" | undefined;

  constructor(body: ResponseBody | PushBody, head: ResponseHead) {
    [this.#body, this.#head] = [body, head];
  }
  static {
    standInFor(this.prototype, () => Response.prototype, (response) => response.#native());
  }

  /**
   * Takes the parts of a response, of ours or native, for writing.
   *
   * @throws {TypeError} When a response of ours was sent before.
   */
  static take(response: Response): ResponseParts {
    if (!(#content in response)) return partsOf(response, response.body);
    const content = response.#content;
    if (content === "sent") throw new TypeError("the response was sent already");
    response.#content = "sent";
    const body = content ? content.body : response.#body;
    if (response.#headers) return partsOf(response, body);
    const { status, statusText = "", fields } = response.#head;
    return { status, statusText, fields, length: bodyLength(body, response.#head), body };
  }

  get status(): number {
    return this.#head.status;
  }
  get statusText(): string {
    return this.#head.statusText ?? "";
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  get headers(): Headers {
    if (this.#headers) return this.#headers;
    const headers = this.#headers = appendHeaders(new Headers(), this.#head.fields);
    const length = bodyLength(this.#body, this.#head);
    if (length !== undefined) headers.set("content-length", String(length));
    return headers;
  }
  get bodyUsed(): boolean {
    const content = this.#content;
    return content === "sent" ? this.#body !== null : content?.bodyUsed ?? false;
  }
  clone(): Response {
    const { status, statusText, headers } = this;
    return new Response(this.#native().clone().body, { status, statusText, headers });
  }

  #native(): Response {
    const [body, content] = [this.#body, this.#content];
    if (content === "sent") return new Response(body === null ? null : sentBody());
    return this.#content = content ??
      new Response(isPushBody(body) ? toReadableStream(body) : body, {
        status: this.status,
        headers: this.headers,
      });
  }
}

/** The body of a response that was sent. */
function sentBody(): ReadableStream {
  return new ReadableStream({
    start: (controller) => controller.error(new TypeError("the response was sent already")),
  });
}

function partsOf(
  { status, statusText, headers }: Response,
  body: ResponseBody | PushBody,
): ResponseParts {
  const fields: string[] = [];
  let length: number | undefined;
  for (const [name, value] of headers) {
    if (name === "content-length") length = /^[0-9]+$/.test(value) ? Number(value) : undefined;
    // Node frames the body itself.
    else if (name !== "transfer-encoding") fields.push(name, value);
  }
  return { status, statusText, fields, length, body };
}
