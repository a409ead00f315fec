/**
 * The digest of a representation (RFC 9530).
 *
 * @module
 */
import { parseDictionary } from "../http/structured.ts";
import type { Serving } from "./types.ts";

/**
 * Adds `Repr-Digest` with the SHA-256 of the representation: in its content coding, and without regard
 * to ranges. A client can check a download and its parts with it. Only files whose hash is known
 * without another read have it: small files, files in memory and KV, and R2 objects with a checksum.
 * `Want-Repr-Digest: sha-256=0` turns it off.
 *
 * @param _path The path of the file.
 * @param headers The headers of the response.
 * @param serving The response.
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
