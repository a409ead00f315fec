/**
 * What Cloudflare Workers store files in, as sources.
 *
 * @module
 */
import { fail, like } from "../../config.ts";
import { changedError, type Entry, type Listed, MOST_LISTED, type Source } from "../source.ts";
import { bytesEntry, hashedEntry, keyOf, sliced } from "./entry.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The part of an R2 bucket that is used here. */
export interface R2BucketLike {
  /** What is known of an object. */
  head(key: string): Promise<R2ObjectLike | null>;
  /** An object with a range of its content, or without when it is not the one with this tag. */
  get(
    key: string,
    options: {
      range: { offset: number; length: number };
      onlyIf: { etagMatches: string };
    },
  ): Promise<{ readonly size: number; readonly body?: ReadableStream } | null>;
  /** The keys with a prefix, a page of them. */
  list(options: { prefix: string; limit?: number; delimiter?: string; cursor?: string }): Promise<{
    readonly objects: readonly (R2ObjectLike & { readonly key: string })[];
    readonly delimitedPrefixes: readonly string[];
    readonly cursor?: string;
  }>;
}

/** The part of an R2 object that is used here. */
export interface R2ObjectLike {
  /** The length in bytes. */
  readonly size: number;
  /** The entity tag. */
  readonly etag: string;
  /** The entity tag with its quotes. */
  readonly httpEtag: string;
  /** Checksums that were given with the content. */
  readonly checksums: { readonly sha256?: ArrayBuffer };
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
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { bucket, type R2BucketLike } from "@handwerk/handwerk/workers";
 *
 * const files = (env: { FILES: R2BucketLike }) => bucket(env.FILES);
 * const worker = { fetch: serveStatic({ "/files": files })(notFound) };
 * ```
 */
export function bucket(r2: R2BucketLike, prefix = ""): Source {
  like("an R2 bucket, such as env.FILES", "head", "list")(r2, "bucket: the binding");
  checkPrefix("bucket", prefix);
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
      const nameOf = (key: string): string => key.slice(folder.length).replace(/\/$/, "");
      const listed: Listed[] = [];
      let cursor: string | undefined;
      do {
        const page = await r2.list({
          prefix: folder,
          delimiter: "/",
          ...(cursor ? { cursor } : {}),
        });
        for (const key of page.delimitedPrefixes) {
          listed.push({ name: nameOf(key), directory: true });
        }
        for (const { key, size, uploaded } of page.objects) {
          const lastModified = uploaded.getTime();
          listed.push({ name: nameOf(key), directory: false, size, lastModified });
        }
        ({ cursor } = page);
      } while (cursor !== undefined && listed.length <= MOST_LISTED);
      return listed;
    },
  };
}

function objectEntry(r2: R2BucketLike, key: string, name: string, object: R2ObjectLike): Entry {
  const { size, etag, httpEtag, uploaded, httpMetadata, checksums: { sha256 } } = object;
  return {
    name,
    size,
    etag: httpEtag,
    lastModified: uploaded.getTime(),
    type: httpMetadata?.contentType,
    sha256: sha256 && new Uint8Array(sha256),
    async open({ start, end } = { start: 0, end: size }) {
      if (start === end) return new Uint8Array();
      const found = await r2.get(key, {
        range: { offset: start, length: end - start },
        onlyIf: { etagMatches: etag },
      });
      if (!found?.body) throw changedError(name);
      // As it comes from the binding, the runtime knows its length and moves it without our help.
      return found.body as Bytes;
    },
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
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { keyValue, type KVNamespaceLike } from "@handwerk/handwerk/workers";
 *
 * const pages = (env: { PAGES: KVNamespaceLike }) => keyValue(env.PAGES);
 * const worker = { fetch: serveStatic({ "/": pages })(notFound) };
 * ```
 */
export function keyValue(kv: KVNamespaceLike, prefix = ""): Source {
  like("a KV namespace, such as env.PAGES", "getWithMetadata")(kv, "keyValue: the binding");
  checkPrefix("keyValue", prefix);
  return {
    async find(segments) {
      // Whether keys go on from here cannot be asked; it does no harm to look for an index.
      if (segments.length === 0) return "directory";
      const { value, metadata } = await kv.getWithMetadata(keyOf(prefix, segments), "arrayBuffer");
      if (value === null) return "directory";
      const bytes = new Uint8Array(value);
      const { type, lastModified } = (metadata ?? {}) as { type?: unknown; lastModified?: unknown };
      return await hashedEntry(segments.at(-1) ?? "", bytes, {
        type: typeof type === "string" ? type : undefined,
        lastModified: typeof lastModified === "number" ? lastModified : undefined,
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
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { assets, type AssetsLike } from "@handwerk/handwerk/workers";
 *
 * const site = (env: { ASSETS: AssetsLike }) => assets(env.ASSETS);
 * const worker = { fetch: serveStatic({ "/": site })(notFound) };
 * ```
 */
export function assets(binding: AssetsLike): Source {
  like("the assets of the Worker, such as env.ASSETS", "fetch")(binding, "assets: the binding");
  /** The binding redirects a page to its own name for it: `index.html` to the directory. */
  const get = async (path: string): Promise<Response> => {
    const response = await binding.fetch(`${ASSETS}${path}`, MANUAL);
    const location = response.headers.get("location");
    if (location === null || !path.endsWith(".html")) return response;
    await response.body?.cancel();
    return await binding.fetch(new URL(location, ASSETS).href, MANUAL);
  };
  return {
    async find(segments) {
      const name = segments.at(-1) ?? "";
      const path = segments.map(encodeURIComponent).join("/");
      const response = await get(path);
      const { status, headers, body } = response;
      if (status !== 200 || !body) {
        await body?.cancel();
        // Redirects are the binding's own opinion of index files; ours are the options.
        const moved = status >= 300 && status < 400;
        return (moved && !name.endsWith(".html")) || segments.length === 0
          ? "directory"
          : undefined;
      }
      const etag = headers.get("etag") ?? undefined;
      const type = headers.get("content-type") ?? undefined;
      const size = Number(headers.get("content-length") ?? NaN);
      if (!Number.isSafeInteger(size)) {
        return bytesEntry(name, new Uint8Array(await response.arrayBuffer()), { etag, type });
      }
      /** What came with the lookup is sent first; further ranges are fetched. */
      let held: Bytes | undefined = body;
      return {
        name,
        size,
        etag,
        type,
        async open(range) {
          const stream = held ?? await again(path, etag);
          held = undefined;
          return range ? sliced(stream, range) : stream;
        },
        close: () => held?.cancel(),
      };
    },
  };

  async function again(path: string, etag: string | undefined): Promise<Bytes> {
    const { body, headers } = await get(path);
    if (body && (headers.get("etag") ?? undefined) === etag) return body;
    await body?.cancel();
    throw changedError(path);
  }
}

function checkPrefix(owner: string, prefix: unknown): void {
  if (typeof prefix !== "string") fail(`${owner}: the prefix`, prefix, 'a text such as "site/"');
}
