/**
 * The storages of Cloudflare Workers as sources: R2, KV, and static assets.
 *
 * @module
 */
import { fail, like } from "../../config.ts";
import { changedError, type Entry, type Listed, MOST_LISTED, type Source } from "../source.ts";
import { bytesEntry, hashedEntry, keyOf, sliced } from "./entry.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The used part of an R2 bucket. */
export interface R2BucketLike {
  /** The metadata of an object. */
  head(key: string): Promise<R2ObjectLike | null>;
  /** A range of an object; without a body if its entity tag is another one. */
  get(
    key: string,
    options: {
      range: { offset: number; length: number };
      onlyIf: { etagMatches: string };
    },
  ): Promise<{ readonly size: number; readonly body?: ReadableStream } | null>;
  /** One page of the keys with a prefix. */
  list(options: { prefix: string; limit?: number; delimiter?: string; cursor?: string }): Promise<{
    readonly objects: readonly (R2ObjectLike & { readonly key: string })[];
    readonly delimitedPrefixes: readonly string[];
    readonly cursor?: string;
  }>;
}

/** The used part of an R2 object. */
export interface R2ObjectLike {
  /** The length in bytes. */
  readonly size: number;
  /** The entity tag. */
  readonly etag: string;
  /** The entity tag with its quotes. */
  readonly httpEtag: string;
  /** The checksums that were uploaded with the object. */
  readonly checksums: { readonly sha256?: ArrayBuffer };
  /** The time of the upload. */
  readonly uploaded: Date;
  /** The HTTP metadata that was uploaded with the object. */
  readonly httpMetadata?: { readonly contentType?: string };
}

/**
 * An R2 bucket as a source. Entity tags, times and media types are those of the objects. Only the
 * requested range of an object is read.
 *
 * @param r2 The binding.
 * @param prefix What all keys begin with, for example `"site/"`.
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
      // The runtime knows the length of this stream, and sends it without JavaScript.
      return found.body as Bytes;
    },
  };
}

/** The used part of a KV namespace. */
export interface KVNamespaceLike {
  /** A value with its metadata. */
  getWithMetadata(
    key: string,
    type: "arrayBuffer",
  ): Promise<{ readonly value: ArrayBuffer | null; readonly metadata: unknown }>;
}

/**
 * A KV namespace as a source. Values, which have at most 25 MiB, are read as a whole. The metadata of
 * a value may have its media `type`, and `lastModified` in milliseconds since the epoch.
 *
 * @param kv The binding.
 * @param prefix What all keys begin with, for example `"site/"`.
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
      // KV cannot tell whether longer keys exist. Another lookup for an index does no harm.
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

/** The used part of the binding of static assets. */
export interface AssetsLike {
  /** Fetches an asset. */
  fetch(url: string, init: { redirect: "manual" }): Promise<Response>;
}

/** The binding only uses the path of the URL. */
const ASSETS = "https://assets.local/";
const MANUAL = { redirect: "manual" } as const;

/**
 * The static assets of a Worker as a source. `serveStatic` adds ranges and conditional requests, which
 * the binding lacks.
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
  /** The binding redirects HTML files, for example `index.html` to its directory. */
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
        // The redirects of the binding are replaced by those of the options.
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
      /** The body of the lookup, for the first range. Further ranges are fetched. */
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
