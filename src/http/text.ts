/**
 * The short answers we give in our own name.
 *
 * @module
 */

/** A plain text response that says no more than its status; to HEAD without content. */
export function textResponse(
  request: Request,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(request.method === "HEAD" ? null : text, {
    status,
    headers: { "content-type": "text/plain;charset=utf-8", ...headers },
  });
}
