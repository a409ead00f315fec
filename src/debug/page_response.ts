/**
 * The answers of the debugger. None of them may be kept, framed, sniffed or read by another site.
 *
 * @module
 */

/** The fields that all answers have. */
const FIELDS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "vary": "accept",
  "x-content-type-options": "nosniff",
};

/** What a page may do: run the script and wear the style that have the nonce, and ask its server. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** An answer with content; to HEAD without. */
export function debugResponse(
  request: Request,
  status: number,
  type: string,
  content: string,
  more: Readonly<Record<string, string>> = {},
  nonce: string = crypto.randomUUID(),
): Response {
  const bytes = new TextEncoder().encode(content);
  return new Response(request.method === "HEAD" ? null : bytes, {
    status,
    headers: {
      ...FIELDS,
      "content-length": String(bytes.length),
      "content-security-policy": policyOf(nonce),
      "content-type": type === "application/json" ? type : `${type}; charset=utf-8`,
      ...more,
    },
  });
}

/** A page, which is given the nonce of its scripts and styles. */
export function pageResponse(
  request: Request,
  status: number,
  page: (nonce: string) => string,
): Response {
  const nonce = crypto.randomUUID();
  return debugResponse(request, status, "text/html", page(nonce), {}, nonce);
}

/** An answer to a command. */
export function jsonResponse(
  request: Request,
  status: number,
  value: unknown,
  more: Readonly<Record<string, string>> = {},
): Response {
  return debugResponse(request, status, "application/json", JSON.stringify(value), more);
}
