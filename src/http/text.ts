/**
 * The short answers we give in our own name.
 *
 * @module
 */
import { respond } from "./respond.ts";

/** A plain text response that says no more than its status; to HEAD without content. */
export function textResponse(
  request: Pick<Request, "method">,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const fields = ["content-type", "text/plain;charset=utf-8", ...Object.entries(headers).flat()];
  return respond(request.method === "HEAD" ? null : text, { status, fields });
}
