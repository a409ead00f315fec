/**
 * The response for a file that was found.
 *
 * @module
 */
import { formatDate } from "../http/date.ts";
import { attachment } from "../http/disposition.ts";
import { evaluatePreconditions, ifRangeHolds } from "../http/preconditions.ts";
import { type ByteRange, readRanges } from "../http/ranges.ts";
import type { CacheRule } from "./cache.ts";
import { compressed, compresses } from "./compress.ts";
import { typeOf, withCharset } from "./media_type.ts";
import { multipart } from "./multipart.ts";
import type { Content, Entry } from "./source.ts";

/** How files are answered. */
export interface Answering {
  readonly cache: CacheRule;
  readonly fallbackMimetype: string;
  readonly download: (path: string) => string | undefined;
  readonly untrusted: boolean;
  readonly headers: ((path: string, headers: Headers) => void) | undefined;
  /** Whether files that are not stored compressed are compressed. */
  readonly compress: boolean;
  /** Whether the coding of files is negotiated, and answers have to say so. */
  readonly negotiates: boolean;
}

/** What is answered with. */
export interface Representation {
  /** The file, in its coding. */
  readonly entry: Entry;
  /** The content coding, or `"identity"`. */
  readonly coding: string;
  /** The name of the file without its coding. */
  readonly name: string;
  /** The path of the file below its export. */
  readonly path: string;
  /** Opens a range of the same file again. */
  readonly reopen: (range: ByteRange) => Promise<Content>;
}

/** Types that a browser takes for a page of ours, with scripts. */
const ACTIVE =
  /^(?:text\/(?:html|xml)|application\/(?:xml|xhtml\+xml|pdf)|image\/svg\+xml|[^;]*\+xml)/;

/** Answers a GET or HEAD request with a representation, and opens or closes its entry. */
export async function answerFile(
  request: Request,
  representation: Representation,
  answering: Answering,
): Promise<Response> {
  const { entry, coding, name, path } = representation;
  const now = Date.now();
  const type = withCharset(entry.type ?? typeOf(name) ?? answering.fallbackMimetype);
  const { cacheControl, expires, validators } = answering.cache(path, type);
  const compress = answering.compress && coding === "identity" &&
    compresses(request, type, entry.size, cacheControl);
  const known = {
    etag: validators ? codedTag(entry.etag, compress ? "gzip" : coding, compress) : undefined,
    // RFC 9110 §8.8.2.1: a time in the future is replaced by now.
    lastModified: entry.lastModified === undefined ? undefined : Math.min(entry.lastModified, now),
  };
  const headers = new Headers({ "cache-control": cacheControl });
  if (expires !== undefined) headers.set("expires", expires);
  if (known.etag !== undefined) headers.set("etag", known.etag);
  if (answering.negotiates) headers.set("vary", "accept-encoding");

  const outcome = validators
    ? evaluatePreconditions(request.method, request.headers, known)
    : "proceed";
  if (outcome !== "proceed") {
    await entry.close();
    if (outcome === "failed") return new Response(null, { status: 412 });
    // RFC 9110 §15.4.5: what guides caches, and no other metadata.
    answering.headers?.(path, headers);
    return new Response(null, { status: 304, headers });
  }

  if (known.lastModified !== undefined) {
    headers.set("last-modified", formatDate(known.lastModified));
  }
  headers.set("x-content-type-options", "nosniff");
  protect(headers, type, path, name, answering);
  if (compress) return await sendCompressed(request, representation, type, headers, answering);
  headers.set("accept-ranges", "bytes");
  if (coding !== "identity") headers.set("content-encoding", coding);

  const range = request.method === "GET" ? request.headers.get("range") : null;
  const ifRange = request.headers.get("if-range");
  const ranges = range === null || (ifRange !== null && !ifRangeHolds(ifRange, known, now))
    ? "ignore"
    : readRanges(range, entry.size);
  if (ranges === "unsatisfiable") {
    await entry.close();
    const unsatisfiable = { "content-range": `bytes */${entry.size}`, "cache-control": "no-store" };
    return new Response(null, { status: 416, headers: unsatisfiable });
  }
  return await send(request, representation, type, headers, ranges, answering);
}

/** Sends the whole, one range, or several; to HEAD the fields alone. */
async function send(
  request: Request,
  { entry, coding, path, reopen }: Representation,
  type: string,
  headers: Headers,
  ranges: readonly ByteRange[] | "ignore",
  answering: Answering,
): Promise<Response> {
  const { size } = entry;
  // Workers would encode again what its fields call encoded.
  const init: ResponseInit & { encodeBody?: "manual" } = { status: 200, headers };
  if (coding !== "identity") init.encodeBody = "manual";
  let body: () => Content | null | Promise<Content>;
  let [length, sentType] = [size, type];
  if (ranges === "ignore") {
    body = () => entry.open();
  } else if (ranges.length === 1) {
    const [range] = ranges as readonly [ByteRange];
    length = range.end - range.start;
    headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${size}`);
    body = () => entry.open(range);
  } else {
    await entry.close();
    const parts = multipart(ranges, type, size, reopen);
    [length, sentType] = [parts.length, parts.type];
    body = () => parts.body;
  }
  if (ranges !== "ignore") init.status = 206;
  headers.set("content-type", sentType);
  headers.set("content-length", String(length));
  answering.headers?.(path, headers);
  if (request.method !== "HEAD") return new Response(await body(), init);
  await entry.close();
  return new Response(null, init);
}

/** Sends the whole in gzip. How long that will be is not known. */
async function sendCompressed(
  request: Request,
  { entry, path }: Representation,
  type: string,
  headers: Headers,
  answering: Answering,
): Promise<Response> {
  headers.set("content-type", type);
  headers.set("content-encoding", "gzip");
  answering.headers?.(path, headers);
  const init: ResponseInit & { encodeBody: "manual" } = { headers, encodeBody: "manual" };
  if (request.method !== "HEAD") return new Response(compressed(await entry.open()), init);
  await entry.close();
  return new Response(null, init);
}

/** RFC 9110 §8.8.3.3: representations in different codings have different entity tags. */
function codedTag(
  etag: string | undefined,
  coding: string,
  weak: boolean,
): string | undefined {
  const tag = coding === "identity" ? etag : etag?.replace(/"$/, `-${coding}"`);
  // The same file compressed elsewhere may come out with other bytes.
  return weak ? tag?.replace(/^(?:W\/)?/, "W/") : tag;
}

/** What keeps a browser from running what others have uploaded, and names downloads. */
function protect(
  headers: Headers,
  type: string,
  path: string,
  name: string,
  { download, untrusted }: Answering,
): void {
  const saved = download(path) ?? (untrusted && ACTIVE.test(type) ? name : undefined);
  if (saved !== undefined) headers.set("content-disposition", attachment(saved));
  if (untrusted) headers.set("content-security-policy", "sandbox; default-src 'none'");
}
