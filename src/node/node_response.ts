/**
 * The response that our own handlers make on Node: a status, fields and content, which the host
 * writes as they are. It makes a native `Response` when somebody looks at its content, and `Headers`
 * when somebody looks at those.
 *
 * @module
 */
import { isPushBody, toReadableStream } from "../host/push_body.ts";
import type { PushBody, ResponseBody, ResponseHead } from "../host/types.ts";
import { appendHeaders, bodyLength } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What the host is to write. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** All but those that frame the content. */
  readonly fields: RawHeaders;
  readonly length: number | undefined;
  readonly body: ResponseBody | PushBody;
}

/** A `Response` but for its private parts, which only its own methods ask for. */
class LightResponse {
  readonly #head: ResponseHead;
  readonly #body: ResponseBody | PushBody;
  #headers: Headers | undefined;
  /** The native response, or `"sent"`. */
  #content: Response | "sent" | undefined;

  constructor(body: ResponseBody | PushBody, head: ResponseHead) {
    [this.#body, this.#head] = [body, head];
  }

  /** Hands the response over for writing; what is not ours is `undefined`. */
  static take(response: object): ResponseParts | undefined {
    if (!(#content in response)) return undefined;
    const content = response.#content;
    if (content === "sent") throw new TypeError("the response was sent already");
    response.#content = "sent";
    const body = content ? content.body : response.#body;
    if (response.#headers) return read(response, body);
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
  get type(): ResponseType {
    return "default";
  }
  get url(): string {
    return "";
  }
  get redirected(): boolean {
    return false;
  }
  get headers(): Headers {
    if (this.#headers) return this.#headers;
    const headers = this.#headers = appendHeaders(new Headers(), this.#head.fields);
    const length = bodyLength(this.#body, this.#head);
    if (length !== undefined) headers.set("content-length", String(length));
    return headers;
  }
  get body(): Stream | null {
    return this.#native().body;
  }
  get bodyUsed(): boolean {
    const content = this.#content;
    return content === "sent" ? this.#body !== null : content?.bodyUsed ?? false;
  }
  clone(): Response {
    const { status, statusText, headers } = this;
    return new Response(this.#native().clone().body, { status, statusText, headers });
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return await this.#native().arrayBuffer();
  }
  async blob(): Promise<Blob> {
    return await this.#native().blob();
  }
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#native().bytes();
  }
  async formData(): Promise<FormData> {
    return await this.#native().formData();
  }
  async json(): Promise<unknown> {
    return await this.#native().json();
  }
  async text(): Promise<string> {
    return await this.#native().text();
  }

  #native(): Response {
    const body = this.#body;
    const content = this.#content;
    if (content === "sent") return new Response(body === null ? null : used());
    return this.#content = content ??
      new Response(isPushBody(body) ? toReadableStream(body) : body, {
        status: this.status,
        headers: this.headers,
      });
  }
}
Object.setPrototypeOf(LightResponse.prototype, Response.prototype);

/** What is left of content that was sent. */
function used(): Stream {
  return new ReadableStream({
    start: (controller) => controller.error(new TypeError("the response was sent already")),
  });
}

/** Makes a response of ours. */
export function nodeResponse(body: ResponseBody | PushBody, head: ResponseHead): Response {
  return new LightResponse(body, head);
}

/** What to write of a response, of ours or any other. */
export function responsePartsOf(response: Response): ResponseParts {
  return LightResponse.take(response) ?? read(response, response.body);
}

function read(
  { status, statusText, headers }: Response,
  body: ResponseBody | PushBody,
): ResponseParts {
  const fields: string[] = [];
  let length: number | undefined;
  for (const [name, value] of headers) {
    if (name === "content-length") length = /^[0-9]+$/.test(value) ? Number(value) : undefined;
    // Node frames the content itself.
    else if (name !== "transfer-encoding") fields.push(name, value);
  }
  return { status, statusText, fields, length, body };
}
