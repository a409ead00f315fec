/**
 * Masks secrets of a request, which are shown only after the page is unlocked.
 *
 * @module
 */
import type { RequestModel } from "./types.ts";

/** Replaces a secret. */
export const MASK = "••••••";

const SECRET =
  /auth|cookie|token|secret|passw|pwd|key|session|credential|signature|jwt|csrf|xsrf|pin$/i;

/** Whether a header, a parameter or a property of that name may hold a secret. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** Masks values of headers, and of parameters in URLs, that may be secret. */
export function redacted({ method, url, headers }: RequestModel): RequestModel {
  return {
    method,
    url: maskUrl(url),
    headers: headers.map(([name, value]) => [
      name,
      isSecret(name) ? MASK : /^(?:referer|x-.*ur[il])$/i.test(name) ? maskUrl(value) : value,
    ]),
  };
}

/** Splits first, so that the time is linear in the length of the URL. */
function maskUrl(url: string): string {
  return url.split(/(?=[?&;#])/).map((part) => {
    const equals = part.indexOf("=");
    return equals >= 0 && /^[?&;]/.test(part) && isSecret(part.slice(1, equals))
      ? `${part.slice(0, equals + 1)}${MASK}`
      : part;
  }).join("");
}
