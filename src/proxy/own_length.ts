/**
 * The length of content that was made anew.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { hostRequestOf } from "../host/host_request.ts";
import type { OutgoingRequest } from "../transport/transport.ts";
import { Upload } from "./upload.ts";

/**
 * The request with the length of its content, where code in front of this proxy has made that: the
 * `Content-Length` that it copied is of other content. What the host itself has received has the
 * length that it says.
 *
 * @param body The content of `upload`; a hook may have put other content in its place.
 */
export async function withLength(
  outgoing: OutgoingRequest,
  body: ReadableStream<Uint8Array> | null,
  upload: Upload | undefined,
  request: Request,
): Promise<OutgoingRequest> {
  if (!outgoing.body || (outgoing.body === body && isAsReceived(request))) return outgoing;
  const own = outgoing.body === body ? upload : undefined;
  const content = own ?? new Upload(outgoing.body);
  const known = await content.length();
  const told = outgoing.fields.find(([name]) => name === "content-length")?.[1];
  if (known === undefined) {
    if (told !== undefined) content.expect(Number(told));
    return own ? outgoing : { ...outgoing, body: content.attempt() };
  }
  const length = String(known);
  const others = outgoing.fields.filter(([name]) => name !== "content-length");
  const fields: readonly Field[] = told === length
    ? outgoing.fields
    : [...others, ["content-length", length]];
  return { ...outgoing, fields, body: own ? outgoing.body : content.attempt() };
}

/** Whether the content is what the host has received, or must not be asked for before it is sent. */
function isAsReceived(request: Request): boolean {
  const { headers } = request;
  return hostRequestOf(request) !== undefined || headers.has("transfer-encoding") ||
    headers.has("expect");
}
