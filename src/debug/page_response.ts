/**
 * The responses of the debugger. They must not be cached, framed, sniffed or read by another site.
 *
 * @module
 */

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "vary": "accept",
  "x-content-type-options": "nosniff",
};

/** A page may use the script and the style with its nonce, and send requests to its server. */
const policyOf = (nonce: string): string =>
  `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; ` +
  "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A response; to HEAD without its body. */
export function debugResponse(
  request: Request,
  status: number,
  type: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
  nonce: string = crypto.randomUUID(),
): Response {
  const bytes = new TextEncoder().encode(body);
  return new Response(request.method === "HEAD" ? null : bytes, {
    status,
    headers: {
      ...HEADERS,
      "content-length": String(bytes.length),
      "content-security-policy": policyOf(nonce),
      "content-type": type === "application/json" ? type : `${type}; charset=utf-8`,
      ...more,
    },
  });
}

/** A page, made with the nonce of its script and style. */
export function pageResponse(
  request: Request,
  status: number,
  page: (nonce: string) => string,
): Response {
  const nonce = crypto.randomUUID();
  return debugResponse(request, status, "text/html", page(nonce), {}, nonce);
}

/** The response to a command. */
export function jsonResponse(
  request: Request,
  status: number,
  value: unknown,
  more: Readonly<Record<string, string>> = {},
): Response {
  return debugResponse(request, status, "application/json", JSON.stringify(value), more);
}
