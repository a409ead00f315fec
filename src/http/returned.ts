/**
 * What a handler returned, which not every host checks.
 *
 * @module
 */

/**
 * Checks what a handler returned. A response of another library is one, too, even without the
 * runtime's class.
 *
 * @throws {TypeError} When it is no response.
 */
export function requireResponse(returned: unknown): Response {
  if (typeof returned === "object" && returned && "status" in returned) return returned as Response;
  throw new TypeError(`the handler returned ${String(returned)}; return a Response`);
}
