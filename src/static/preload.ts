/**
 * `Link` headers with which browsers preload the parts of a page.
 *
 * @module
 */
import { fail, isRecord } from "../config.ts";
import type { HeadersHook } from "./types.ts";

/** A chunk in the manifest of a build tool (Vite, with `build.manifest`). */
export interface ManifestChunk {
  /** The built file. */
  readonly file: string;
  /** Its style sheets. */
  readonly css?: readonly string[];
  /** The keys of chunks that it imports. */
  readonly imports?: readonly string[];
}

/** The files that each page needs, or the manifest of a build. Paths are relative to the export. */
export type PreloadManifest = Readonly<Record<string, readonly string[] | ManifestChunk>>;

/** How browsers fetch a file, by its extension. Fonts are always fetched with CORS. */
const KINDS: Readonly<Record<string, string>> = {
  js: "modulepreload",
  mjs: "modulepreload",
  css: "preload; as=style",
  woff: "preload; as=font; crossorigin",
  woff2: "preload; as=font; crossorigin",
  avif: "preload; as=image",
  gif: "preload; as=image",
  jpg: "preload; as=image",
  png: "preload; as=image",
  svg: "preload; as=image",
  webp: "preload; as=image",
  json: "preload; as=fetch; crossorigin",
};

/**
 * Adds `Link` headers to pages, so that browsers fetch scripts, style sheets, fonts and images before
 * they have read the page. Hosts and CDNs may send them as early hints (RFC 8297).
 *
 * @param manifest The files of each page, `{ "index.html": ["app.js", "app.css"] }`, or the manifest
 * of Vite.
 * @returns A function for the option `headers`.
 * @throws {TypeError} When a file has an extension that cannot be preloaded.
 *
 * @example
 * ```ts
 * import { memory, notFound, serveStatic } from "@handwerk/handwerk";
 * import { preload } from "@handwerk/handwerk/static";
 *
 * const site = memory({ "index.html": "<p>", "app.js": "1" });
 * const app = serveStatic({ "/app": site }, {
 *   headers: preload({ "index.html": ["app.js"] }),
 * })(notFound);
 * const { headers } = await app(new Request("http://localhost/app/"));
 * console.log(headers.get("link")); // </app/app.js>; rel=modulepreload
 * ```
 */
export function preload(manifest: PreloadManifest): HeadersHook {
  if (!isRecord(manifest)) {
    fail("preload: the manifest", manifest, 'one such as { "index.html": ["app.js"] }');
  }
  const pages = new Map(
    Object.entries(manifest).map(([page, value]) => {
      if (isChunk(value)) return [page, filesOf(manifest, page, new Set()).map(linkOf)];
      if (Array.isArray(value)) return [page, value.map(linkOf)];
      return fail(`preload: ${JSON.stringify(page)}`, value, 'a list such as ["app.js"]');
    }),
  );
  return (path, headers, { status, base }) => {
    const links = status === 200 ? pages.get(path) ?? [] : [];
    for (const { target, kind } of links) headers.append("link", `<${base}${target}>; rel=${kind}`);
  };
}

function isChunk(value: unknown): value is ManifestChunk {
  return isRecord(value) && "file" in value;
}

/** The files of a chunk and of its imports, which may be circular. */
function filesOf(manifest: PreloadManifest, key: string, seen: Set<string>): readonly string[] {
  const chunk = manifest[key];
  if (!isChunk(chunk) || seen.has(key)) return [];
  seen.add(key);
  const imported = (chunk.imports ?? []).flatMap((name) => filesOf(manifest, name, seen));
  return [...new Set([chunk.file, ...chunk.css ?? [], ...imported])];
}

function linkOf(path: string): { target: string; kind: string } {
  const kind = typeof path === "string" && KINDS[path.slice(path.lastIndexOf(".") + 1)];
  if (!kind || path.startsWith("/")) {
    const kinds = Object.keys(KINDS).join(", ");
    return fail("preload: a file", path, `a path below the export, to a file of one of ${kinds}`);
  }
  return { target: `/${path.split("/").map(encodeURIComponent).join("/")}`, kind };
}
