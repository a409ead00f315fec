/**
 * What Cloudflare Workers store files in, as sources.
 *
 * @module
 */
import type { Entry, Source } from "../source.ts";
import { bytesEntry, contentTag, keyOf, sliced } from "./entries.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The part of an R2 bucket that is used here. */
export interface R2BucketLike {
  /** What is known of an object. */
  head(key: string): Promise<R2ObjectLike | null>;
  /** An object with its content, or a range of it. */
  get(
    key: string,
    options: { range: { offset: number; length: number } },
  ): Promise<{ readonly body?: ReadableStream } | null>;
  /** The keys with a prefix. */
  list(options: { prefix: string; limit: number; delimiter?: string }): Promise<{
    readonly objects: readonly (R2ObjectLike & { readonly key: string })[];
    readonly delimitedPrefixes: readonly string[];
  }>;
}

/** The part of an R2 object that is used here. */
export interface R2ObjectLike {
  /** The length in bytes. */
  readonly size: number;
  /** The entity tag with its quotes. */
  readonly httpEtag: string;
  /** The time of the upload. */
  readonly uploaded: Date;
  /** What was stored beside the content. */
  readonly httpMetadata?: { readonly contentType?: string };
}

/**
 * An R2 bucket as a source. Entity tags, times and media types are those of the objects; ranges are
 * read as such.
 *
 * @param r2 The binding.
 * @param prefix The beginning of all keys: `"site/"`. Default none.
 * @returns A source.
 *
 * @example
 * ```ts
 * import { bucket, notFound, type R2BucketLike, serveStatic } from "@handwerk/handwerk";
 *
 * const files = (env: { FILES: R2BucketLike }) => bucket(env.FILES);
 * const worker = { fetch: serveStatic({ "/files": files })(notFound) };
 * ```
 */
export function bucket(r2: R2BucketLike, prefix = ""): Source {
  return {
    async find(segments) {
      const key = keyOf(prefix, segments);
      const object = key === prefix ? null : await r2.head(key);
      if (object) return objectEntry(r2, key, segments.at(-1) ?? "", object);
      const folder = key === "" || key.endsWith("/") ? key : `${key}/`;
      const { objects } = await r2.list({ prefix: folder, limit: 1 });
      return objects.length > 0 ? "directory" : undefined;
    },
    async list(segments) {
      const key = keyOf(prefix, segments);
      const folder = key === "" || key.endsWith("/") ? key : `${key}/`;
      const { objects, delimitedPrefixes } = await r2.list({
        prefix: folder,
        limit: 1000,
        delimiter: "/",
      });
      const nameOf = (key: string): string => key.slice(folder.length).replace(/\/$/, "");
      return [
        ...delimitedPrefixes.map((key) => ({ name: nameOf(key), directory: true })),
        ...objects.map(({ key, size, uploaded }) => ({
          name: nameOf(key),
          directory: false,
          size,
          lastModified: uploaded.getTime(),
        })),
      ];
    },
  };
}

function objectEntry(r2: R2BucketLike, key: string, name: string, object: R2ObjectLike): Entry {
  const { size } = object;
  return {
    name,
    size,
    etag: object.httpEtag,
    lastModified: object.uploaded.getTime(),
    type: object.httpMetadata?.contentType,
    async open({ start, end } = { start: 0, end: size }) {
      if (start === end) return new Uint8Array();
      const found = await r2.get(key, { range: { offset: start, length: end - start } });
      if (!found?.body) throw new Error("the object has gone");
      return sliced(found.body as Bytes, { start: 0, end: end - start });
    },
    close() {},
  };
}

/** The part of a KV namespace that is used here. */
export interface KVNamespaceLike {
  /** A value with what was stored beside it. */
  getWithMetadata(
    key: string,
    type: "arrayBuffer",
  ): Promise<{ readonly value: ArrayBuffer | null; readonly metadata: unknown }>;
}

/**
 * A KV namespace as a source. Values are read whole; 25 MiB is the most that KV stores. The metadata
 * of a value may hold its `type` and its `lastModified`, in milliseconds.
 *
 * @param kv The binding.
 * @param prefix The beginning of all keys: `"site/"`. Default none.
 * @returns A source.
 *
 * @example
 * ```ts
 * import { keyValue, type KVNamespaceLike, notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const pages = (env: { PAGES: KVNamespaceLike }) => keyValue(env.PAGES);
 * const worker = { fetch: serveStatic({ "/": pages })(notFound) };
 * ```
 */
export function keyValue(kv: KVNamespaceLike, prefix = ""): Source {
  return {
    async find(segments) {
      // Whether keys go on from here cannot be asked; it does no harm to look for an index.
      if (segments.length === 0) return "directory";
      const { value, metadata } = await kv.getWithMetadata(keyOf(prefix, segments), "arrayBuffer");
      if (value === null) return "directory";
      const bytes = new Uint8Array(value);
      const { type, lastModified } = (metadata ?? {}) as { type?: unknown; lastModified?: unknown };
      return bytesEntry(segments.at(-1) ?? "", bytes, {
        type: typeof type === "string" ? type : undefined,
        lastModified: typeof lastModified === "number" ? lastModified : undefined,
        etag: await contentTag(bytes),
      });
    },
  };
}

/** The part of the binding for static assets that is used here. */
export interface AssetsLike {
  /** Fetches an asset. */
  fetch(url: string, init: { redirect: "manual" }): Promise<Response>;
}

/** The binding looks at the path alone. */
const ASSETS = "https://assets.local/";
const MANUAL = { redirect: "manual" } as const;

/**
 * The static assets of a Worker as a source. The binding knows neither ranges nor most conditional
 * requests; through `serveStatic` they work.
 *
 * @param binding The binding.
 * @returns A source.
 *
 * @example
 * ```ts
 * import { assets, type AssetsLike, notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const site = (env: { ASSETS: AssetsLike }) => assets(env.ASSETS);
 * const worker = { fetch: serveStatic({ "/": site })(notFound) };
 * ```
 */
export function assets(binding: AssetsLike): Source {
  return {
    async find(segments) {
      const name = segments.at(-1) ?? "";
      const path = segments.map(encodeURIComponent).join("/");
      let response = await binding.fetch(`${ASSETS}${path}`, MANUAL);
      const location = response.headers.get("location");
      // The binding redirects a page to its own name for it: `index.html` to the directory.
      if (location !== null && name.endsWith(".html")) {
        await response.body?.cancel();
        response = await binding.fetch(new URL(location, ASSETS).href, MANUAL);
      }
      const length = Number(response.headers.get("content-length") ?? NaN);
      // Redirects are the binding's own opinion of index files; ours are the options.
      const moved = response.status >= 300 && response.status < 400;
      if (response.status !== 200 || !response.body) {
        await response.body?.cancel();
        return (moved && !name.endsWith(".html")) || segments.length === 0
          ? "directory"
          : undefined;
      }
      const etag = response.headers.get("etag") ?? undefined;
      const type = response.headers.get("content-type") ?? undefined;
      const body: Bytes = response.body;
      if (!Number.isSafeInteger(length)) {
        const bytes = new Uint8Array(await response.arrayBuffer());
        return bytesEntry(name, bytes, { etag, type });
      }
      return {
        name,
        size: length,
        etag,
        type,
        open: (range) => range ? sliced(body, range) : body,
        close: () => body.cancel(),
      };
    },
  };
}
