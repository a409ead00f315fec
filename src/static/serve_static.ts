/**
 * The middleware that serves files.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { configuredPath } from "../http/path.ts";
import { safeSegments } from "../http/segments.ts";
import { entrance, placed } from "../mount.ts";
import { answerEntry, type Policy } from "./answer.ts";
import { fileSystem } from "./directory.ts";
import { disallowing } from "./disallow.ts";
import { type Entry, isSource, type Source } from "./source.ts";

/** What is exported where: a path of the file system, a `file:` URL, or a source. */
export type Exports =
  | Readonly<Record<string, string | URL | Source>>
  | Iterable<readonly [prefix: string, source: string | URL | Source]>;

/** Options of {@linkcode serveStatic}. */
export interface ServeStaticOptions {
  /**
   * Globs of files that are not served, whoever asks. A glob without a slash is held against every
   * name in the path below the export (`"*.key"`, `"private"`), one with a slash against the whole
   * of it (`"drafts/**"`). Upper and lower case are the same. Default: none.
   */
  readonly disallow?: string | readonly string[];
  /**
   * Whether answers tell caches how long they are fresh, and conditional requests get 304. Default
   * `true`.
   */
  readonly cache?: boolean;
  /** For how long an answer is fresh, in seconds. Default 43200, twelve hours. */
  readonly cacheTimeout?: number;
  /** The media type of files whose name tells none. Default `"text/plain"`. */
  readonly fallbackMimetype?: string;
}

interface Export {
  readonly prefix: string;
  readonly source: Source;
}

/**
 * Serves files, and hands every other request to the wrapped handler.
 *
 * An export maps a prefix of the path to a directory, to one file, or to a {@linkcode Source}. The
 * first export that has the file answers. A request that no export has an answer for is passed on:
 * another method than GET and HEAD, a file that is missing or disallowed, a directory.
 *
 * Names that start with a dot are not served, except `.well-known` (RFC 8615). A path whose decoded
 * names hold separators, colons, controls, device names of Windows or bytes that are no UTF-8
 * reaches no file.
 *
 * - 200 with `Content-Type`, `Content-Length`, `Last-Modified`, `ETag`, `Cache-Control`, `Expires`.
 * - 304 when `If-None-Match` or `If-Modified-Since` says that the client has it (RFC 9110 §13).
 * - 412 when `If-Match` or `If-Unmodified-Since` does not hold.
 * - 400 when the URL of the request has no valid host or path.
 *
 * @param exports A map, or a list of pairs when the order is to be seen.
 * @param options See {@linkcode ServeStaticOptions}.
 * @returns A middleware.
 * @throws {TypeError} When a prefix is no path, an exported file or directory does not exist, or an
 * option has a wrong value.
 *
 * @example
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/shared": "./src" }, { disallow: "*.json" })(notFound);
 * const response = await app(new Request("http://localhost/shared/mod.ts"));
 * console.log(response.headers.get("cache-control")); // public, max-age=43200
 * ```
 */
export function serveStatic(exports: Exports, options: ServeStaticOptions = {}): Middleware {
  const table = readExports(exports);
  const policy = readPolicy(options);
  const disallowed = disallowing(options.disallow);

  const find = async (path: string): Promise<Entry | undefined> => {
    for (const { prefix, source } of table) {
      const rest = below(prefix, path);
      const segments = rest === undefined ? undefined : safeSegments(rest);
      if (!segments || segments.some(isHidden) || disallowed(segments)) continue;
      const entry = await source.find(segments);
      if (!entry) continue;
      if (!disallowed([entry.name])) return entry;
      await entry.close();
    }
    return undefined;
  };

  return (inner) => {
    const passOn = entrance(inner);
    return placed((request, place, args) => {
      const { canonical } = place;
      const candidate = (request.method === "GET" || request.method === "HEAD") &&
        table.some(({ prefix }) => below(prefix, canonical) !== undefined);
      if (!candidate) return passOn(request, place, args);
      return find(canonical).then((entry) =>
        entry ? answerEntry(request, entry, policy) : passOn(request, place, args)
      );
    });
  };
}

/** What is left of a path below a prefix; `""` for the prefix itself. */
function below(prefix: string, path: string): string | undefined {
  if (path === prefix || (prefix === "" && path === "/")) return "";
  return path.startsWith(prefix) && path[prefix.length] === "/"
    ? path.slice(prefix.length)
    : undefined;
}

function isHidden(name: string): boolean {
  return name.startsWith(".") && name !== ".well-known";
}

function readExports(exports: Exports): readonly Export[] {
  const pairs = Symbol.iterator in exports ? [...exports] : Object.entries(exports);
  return pairs.map(([key, value]) => {
    const option = `serveStatic: the export ${JSON.stringify(key)}`;
    const prefix = configuredPath("serveStatic: the export", key);
    if (isSource(value)) return { prefix, source: value };
    if ((typeof value === "string" && value !== "") || value instanceof URL) {
      return { prefix, source: fileSystem(value, option) };
    }
    throw new TypeError(`${option} is ${typeof value}; give a path, a file: URL or a source`);
  });
}

function readPolicy(options: ServeStaticOptions): Policy {
  const { cache = true, cacheTimeout = 43200, fallbackMimetype = "text/plain" } = options;
  if (typeof cache !== "boolean") {
    throw new TypeError("serveStatic: cache must be true or false");
  }
  // RFC 9111 §1.2.2: caches need not count further than 2^31 seconds.
  if (!Number.isInteger(cacheTimeout) || cacheTimeout < 0 || cacheTimeout > 2 ** 31) {
    throw new TypeError("serveStatic: cacheTimeout must be whole seconds, from 0 to 2147483648");
  }
  if (typeof fallbackMimetype !== "string" || !/^[!-~]+\/[ -~]+$/.test(fallbackMimetype)) {
    throw new TypeError('serveStatic: fallbackMimetype must be a media type such as "text/plain"');
  }
  return { cache, cacheTimeout, fallbackMimetype };
}
