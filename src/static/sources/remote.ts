/**
 * An origin server as a source.
 *
 * @module
 */
import {
  callback,
  duration,
  guardCallback,
  type Options,
  readOptions,
  shown,
} from "../../config.ts";
import { parseDate } from "../../http/date.ts";
import type { ByteRange } from "../../http/ranges.ts";
import { changedError, type Content, type Entry, type Source, SourceError } from "../source.ts";
import { sliced } from "./entry.ts";

/** Options of {@linkcode remote}. */
export interface RemoteOptions {
  /**
   * How long the origin may take until the headers of its response, in milliseconds.
   *
   * @default 10000
   */
  readonly timeout?: number;
  /**
   * Called with the reason for a 502 or 504. Its own errors go to `console.error`.
   *
   * @default console.error
   */
  readonly onError?: (error: unknown) => void;
}

const OPTIONS = {
  timeout: [duration(1), 10_000],
  onError: callback,
} satisfies Options<RemoteOptions>;

/**
 * Files of another origin server as a source, for example the website of an S3 bucket. Entity tags,
 * times and media types are those of the origin. Only the requested range is fetched, and redirects
 * are not followed. A file that the origin does not have (403, 404, 410) is passed on. The response is
 * 502 if the origin fails, and 504 if it is late. If the client disconnects, the response of the
 * origin is cancelled.
 *
 * @param url The `http:` or `https:` URL to which paths are appended.
 * @param options See {@linkcode RemoteOptions}.
 * @returns A source.
 * @throws {TypeError} When `url` is not such a URL, or an option has a wrong value.
 *
 * @example
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { remote } from "@handwerk/handwerk/static";
 *
 * const app = serveStatic({ "/cdn": remote("https://files.example.com/public/") })(notFound);
 * ```
 */
export function remote(url: string | URL, options: RemoteOptions = {}): Source {
  const { timeout, onError = console.error } = readOptions("remote", options, OPTIONS);
  const tell = guardCallback("remote: onError", onError);
  const base = URL.parse(String(url));
  if (!base || !/^https?:$/.test(base.protocol) || base.search || base.hash || base.username) {
    const masked = typeof url === "string" ? url.replace(/\/\/[^/]*@/, "//…@") : url;
    throw new TypeError(
      `remote: the URL is ${shown(masked)}; give an http or https URL without query, fragment or ` +
        "credentials",
    );
  }

  /** Sends a request, and reads the response with `read`. Failures become 502 and 504. */
  const ask = async <T>(
    target: URL,
    init: { method: string; headers: Record<string, string> },
    read: (response: Response) => T,
  ): Promise<T> => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeout);
    let response: Response | undefined;
    try {
      // Lengths and ranges are those of the file, not of a compressed copy.
      const headers = { ...init.headers, "accept-encoding": "identity" };
      response = await fetch(target, { ...init, headers, redirect: "manual", signal: late.signal });
      return read(response);
    } catch (error) {
      await response?.body?.cancel();
      if (error instanceof SourceError && error.status === 503) throw error;
      tell(error);
      const status = late.signal.aborted ? 504 : 502;
      throw new SourceError(status, `${target.origin} failed`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async find(segments) {
      if (segments.length === 0) return "directory";
      const target = new URL(base);
      target.pathname = base.pathname.replace(/\/?$/, "/") +
        segments.map(encodeURIComponent).join("/");
      return await ask(target, { method: "HEAD", headers: {} }, ({ status, headers }) => {
        if (status === 403 || status === 404 || status === 410) return undefined;
        if (status >= 300 && status < 400) return "directory";
        const size = lengthOf(headers);
        if (status !== 200 || size === undefined) {
          throw new Error(`${target.origin} answered HEAD with ${status} and no usable length`);
        }
        const open = (range?: ByteRange): Content | Promise<Content> =>
          size === 0 ? new Uint8Array() : ask(
            target,
            { method: "GET", headers: fieldsFor(headers, size, range) },
            (response) => contentOf(response, headers, size, range ?? { start: 0, end: size }),
          );
        return entryOf(segments.at(-1) ?? "", size, headers, open);
      });
    },
  };
}

function entryOf(name: string, size: number, headers: Headers, open: Entry["open"]): Entry {
  return {
    name,
    size,
    etag: headers.get("etag") ?? undefined,
    lastModified: parseDate(headers.get("last-modified") ?? "", Date.now()),
    type: headers.get("content-type") ?? undefined,
    open,
  };
}

/** The length of the file. A body in a coding, which was not requested, has another length. */
function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const coding = headers.get("content-encoding") ?? "identity";
  return length !== null && /^\d{1,15}$/.test(length) && coding === "identity"
    ? Number(length)
    : undefined;
}

function fieldsFor(
  headers: Headers,
  size: number,
  range: ByteRange = { start: 0, end: size },
): Record<string, string> {
  const etag = headers.get("etag");
  const { start, end } = range;
  return {
    ...(start === 0 && end === size ? {} : { range: `bytes=${start}-${end - 1}` }),
    // The file must still be the one whose length was sent to the client.
    ...(etag === null || etag.startsWith("W/") ? {} : { "if-match": etag }),
  };
}

/** The bytes of a range. An origin may ignore ranges, or have another file by now. */
function contentOf(
  { status, headers, body }: Response,
  found: Headers,
  size: number,
  range: ByteRange,
): Content {
  const same = ["etag", "last-modified"].every((name) =>
    (headers.get(name) ?? found.get(name)) === found.get(name)
  );
  if (status === 412 || status === 416 || (status < 300 && !same)) {
    throw changedError("the remote file");
  }
  const length = range.end - range.start;
  if (body && status === 200 && lengthOf(headers) === size) return sliced(bytes(body), range);
  if (
    body && status === 206 && lengthOf(headers) === length &&
    headers.get("content-range") === `bytes ${range.start}-${range.end - 1}/${size}`
  ) return sliced(bytes(body), { start: 0, end: length });
  throw new Error(`GET was answered with ${status}, and not with what was asked for`);
}

const bytes = (body: ReadableStream): ReadableStream<Uint8Array<ArrayBuffer>> => body;
