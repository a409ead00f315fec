/**
 * The `Content-Disposition` of a download (RFC 6266).
 *
 * @module
 */

/** `attachment` with a file name: in ASCII for old clients, and in UTF-8. */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  if (plain === name) return `attachment; filename="${plain}"`;
  // encodeURIComponent leaves four characters that RFC 8187 §3.2.1 does not allow.
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
