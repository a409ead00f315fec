/**
 * An origin server as a source.
 *
 * @module
 */
import { parseDate } from "../../http/date.ts";
import type { Entry, Source } from "../source.ts";
import { sliced } from "./entries.ts";

/**
 * Files of another origin server, such as the website of an S3 bucket, as a source. Entity tags,
 * times and media types are the origin's; only the range that is asked for is fetched. Redirects
 * are not followed.
 *
 * @param url The URL that paths are appended to, `http:` or `https:`.
 * @returns A source.
 * @throws {TypeError} When `url` is no such URL.
 *
 * @example
 * ```ts
 * import { notFound, remote, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/cdn": remote("https://files.example.com/public/") })(notFound);
 * ```
 */
export function remote(url: string | URL): Source {
  const base = URL.parse(String(url));
  if (!base || !/^https?:$/.test(base.protocol) || base.search || base.hash || base.username) {
    throw new TypeError(
      `remote: ${
        JSON.stringify(String(url))
      } must be an http or https URL without query, fragment ` +
        "or credentials",
    );
  }
  return {
    async find(segments) {
      if (segments.length === 0) return "directory";
      const target = new URL(base);
      target.pathname = base.pathname.replace(/\/?$/, "/") +
        segments.map(encodeURIComponent).join("/");
      const response = await ask(target, "HEAD");
      if (response.status === 404 || response.status === 410 || response.status === 403) {
        return undefined;
      }
      if (response.status >= 300 && response.status < 400) return "directory";
      const length = Number(response.headers.get("content-length") ?? NaN);
      if (response.status !== 200 || !Number.isSafeInteger(length)) {
        throw new Error(
          `${target.origin} answered HEAD with ${response.status} and no usable length`,
        );
      }
      return remoteEntry(target, segments.at(-1) ?? "", length, response.headers);
    },
  };
}

function remoteEntry(target: URL, name: string, size: number, headers: Headers): Entry {
  const etag = headers.get("etag") ?? undefined;
  return {
    name,
    size,
    etag,
    lastModified: parseDate(headers.get("last-modified") ?? ""),
    type: headers.get("content-type") ?? undefined,
    async open(range = { start: 0, end: size }) {
      if (size === 0) return new Uint8Array();
      const whole = range.start === 0 && range.end === size;
      const fields: Record<string, string> = whole
        ? {}
        : { range: `bytes=${range.start}-${range.end - 1}` };
      // The file that is sent must be the one whose length was promised.
      if (etag !== undefined && !etag.startsWith("W/")) fields["if-match"] = etag;
      const response = await ask(target, "GET", fields);
      const { status, body } = response;
      if (body && status === 206) {
        return sliced(bytes(body), { start: 0, end: range.end - range.start });
      }
      if (body && status === 200) return sliced(bytes(body), range);
      await body?.cancel();
      throw new Error(`${target.origin} answered GET with ${status}`);
    },
    close() {},
  };
}

const bytes = (body: ReadableStream): ReadableStream<Uint8Array<ArrayBuffer>> => body;

function ask(url: URL, method: string, headers: Record<string, string> = {}): Promise<Response> {
  // Lengths and ranges are those of the file, not of a compressed copy.
  const fields = { ...headers, "accept-encoding": "identity" };
  return fetch(url, { method, headers: fields, redirect: "manual" });
}
