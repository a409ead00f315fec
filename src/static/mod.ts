/**
 * Serves files from directories and other sources.
 *
 * ```ts
 * import { notFound } from "@handwerk/handwerk";
 * import { serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/shared": "./src" })(notFound);
 * console.log((await app(new Request("http://localhost/shared/mod.ts"))).status); // 200
 * ```
 *
 * @module
 */
export type { ByteRange } from "../http/ranges.ts";
export type { Cache } from "./cache_control.ts";
export { dictionaries, type DictionaryUse } from "./dictionaries.ts";
export type {
  Exported,
  ExportNeeds,
  Exports,
  HandlerFor,
  PackageFolder,
  SameExportNeeds,
  SourceOf,
} from "./exports.ts";
export type { ServeStaticOptions } from "./static_options.ts";
export { type ManifestChunk, preload, type PreloadManifest } from "./preload.ts";
export { reprDigest } from "./repr_digest.ts";
export { serveStatic } from "./serve_static.ts";
export type { Content, Entry, Found, LinkedDirectory, Listed, Source } from "./source.ts";
export type { Coding, Dictionaries, HeadersHook, Served, Serving, Stored } from "./types.ts";
export { directory, type DirectoryOptions, packageData } from "./sources/directory.ts";
export type { MemoryCacheOptions } from "./sources/file_cache.ts";
export { memory, type MemoryContent, type MemoryFile } from "./sources/memory.ts";
export { overlay } from "./sources/overlay.ts";
export { remote, type RemoteOptions } from "./sources/remote.ts";
