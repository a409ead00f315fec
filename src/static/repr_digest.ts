/**
 * The digest of a representation (RFC 9530).
 *
 * @module
 */
import { parseDictionary } from "../http/structured.ts";
import type { Serving } from "./types.ts";

/**
 * Adds `Repr-Digest` with the SHA-256 of what is sent, in its content coding and before ranges, so
 * that a client can check a download and its parts. It is there for files whose hash is known
 * without reading them again: small files, files in memory and KV, and R2 objects with a checksum.
 * `Want-Repr-Digest: sha-256=0` turns it off.
 *
 * @param _path The path of the file.
 * @param headers The fields of the answer.
 * @param serving What is known of the answer.
 *
 * @example
 * ```ts
 * import { memory, notFound, serveStatic } from "@handwerk/handwerk";
 * import { reprDigest } from "@handwerk/handwerk/static";
 *
 * const app = serveStatic({ "/hello": memory("hello") }, { headers: reprDigest })(notFound);
 * const { headers } = await app(new Request("http://localhost/hello"));
 * console.log(headers.get("repr-digest"));
 * // sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:
 * ```
 */
export function reprDigest(_path: string, headers: Headers, serving: Serving): void {
  const { status, sha256, request } = serving;
  if (sha256 === undefined || (status !== 200 && status !== 206)) return;
  const wanted = parseDictionary(request.headers.get("want-repr-digest") ?? "")?.get("sha-256");
  if (wanted === 0) return;
  headers.set("repr-digest", `sha-256=:${btoa(String.fromCharCode(...sha256))}:`);
}
