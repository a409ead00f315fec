/**
 * What code of the user is told about an answer.
 *
 * @module
 */
import { nativeRequest } from "../host/host_request.ts";

/** What is known of an answer whose fields are being made. */
export interface Serving {
  /** The request. */
  readonly request: Request;
  /** The status of the response. */
  readonly status: number;
  /** The canonical path of the export as the client sees it; never ends in a slash. */
  readonly base: string;
  /** The SHA-256 of the representation, content coding included, where it is known. */
  readonly sha256: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Sees and changes the fields of a response, for the decoded path of the file below its export, or
 * what the client asked for where there is no file. It is called once more when the validators that
 * it sets lead to another status.
 */
export type HeadersHook = (path: string, headers: Headers, serving: Serving) => void;

/** An answer that was given, for logs and metrics. */
export interface Served {
  /** The request. */
  readonly request: Request;
  /** The status of the answer. */
  readonly status: number;
  /** The decoded path below the export. */
  readonly path: string;
  /** How many bytes of content are sent; not known for what is compressed on the way. */
  readonly bytes: number | undefined;
  /** The content coding, or `"identity"`. */
  readonly coding: string;
  /** The range that is sent, as `Content-Range` writes it; several ranges are `"multipart"`. */
  readonly range: string | undefined;
  /** Whether the content came from memory. */
  readonly inMemory: boolean;
}

/** Our answers that have no content; all others have a length, or some that is not known. */
const EMPTY = new Set([204, 304, 308, 412, 416]);

/** What there is to tell of an answer. */
export function servedBy(
  request: Request,
  { status, headers }: Response,
  path: string,
  inMemory: boolean,
): Served {
  const length = headers.get("content-length");
  // Not `body === null`: whoever looks at content that a host would send as it is has it made anew.
  const isEmpty = request.method === "HEAD" || EMPTY.has(status);
  return {
    request: nativeRequest(request),
    status,
    path,
    bytes: isEmpty ? 0 : length === null ? undefined : Number(length),
    coding: headers.get("content-encoding") ?? "identity",
    range: headers.get("content-range") ?? (status === 206 ? "multipart" : undefined),
    inMemory,
  };
}
