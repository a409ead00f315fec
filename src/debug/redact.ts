/**
 * What of a request is nobody's business until the page is unlocked.
 *
 * @module
 */

/** What stands for a secret. */
export const MASK = "••••••";

const SECRET =
  /auth|cookie|token|secret|passw|pwd|key|session|credential|signature|jwt|csrf|xsrf|pin$/i;

/** What an error page tells of the request. */
export interface RequestModel {
  /** The method. */
  readonly method: string;
  /** The URL. */
  readonly url: string;
  /** The fields. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Whether a field, a parameter or a property of that name may hold a secret. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** Reads a request. The content is left alone: it belongs to the application. */
export function readRequest(request: Request): RequestModel {
  return { method: request.method, url: request.url, fields: [...request.headers] };
}

/** Masks what may be secret: values of fields, and of parameters in URLs. */
export function redacted({ method, url, fields }: RequestModel): RequestModel {
  return {
    method,
    url: maskUrl(url),
    fields: fields.map(([name, value]) => [
      name,
      isSecret(name) ? MASK : /^(?:referer|x-.*ur[il])$/i.test(name) ? maskUrl(value) : value,
    ]),
  };
}

/** Splits before it looks, so that a long URL costs one pass whatever it is made of. */
function maskUrl(url: string): string {
  return url.split(/(?=[?&;#])/).map((part) => {
    const equals = part.indexOf("=");
    return equals >= 0 && /^[?&;]/.test(part) && isSecret(part.slice(1, equals))
      ? `${part.slice(0, equals + 1)}${MASK}`
      : part;
  }).join("");
}
