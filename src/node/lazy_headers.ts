/**
 * The fields of a received message, read where they lie.
 *
 * @module
 */
import { appendHeaders } from "../host/make_response.ts";

/** `Headers` that are native only when more than `get` and `has` is asked of them. */
class LazyHeaders {
  readonly #fields: readonly string[];
  #native: Headers | undefined;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    if (this.#native) return this.#native.get(name);
    return rawHeader(this.#fields, name.toLowerCase()) ?? null;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
  append(name: string, value: string): void {
    this.#made().append(name, value);
  }
  delete(name: string): void {
    this.#made().delete(name);
  }
  set(name: string, value: string): void {
    this.#made().set(name, value);
  }
  getSetCookie(): string[] {
    return this.#made().getSetCookie();
  }
  forEach(callback: (value: string, key: string, parent: Headers) => void, self?: unknown): void {
    this.#made().forEach(callback, self);
  }
  entries(): HeadersIterator<[string, string]> {
    return this.#made().entries();
  }
  keys(): HeadersIterator<string> {
    return this.#made().keys();
  }
  values(): HeadersIterator<string> {
    return this.#made().values();
  }
  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.#made().entries();
  }

  copy(headers: Headers): void {
    appendHeaders(headers, this.#fields);
  }

  #made(): Headers {
    return this.#native ??= appendHeaders(new Headers(), this.#fields);
  }
}
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

/** `Headers` that can be copied to native ones. */
export type ReceivedHeaders = Headers & { copy(to: Headers): void };

/** Makes the headers of a flat list of field lines. */
export function lazyHeaders(fields: readonly string[]): ReceivedHeaders {
  return new LazyHeaders(fields);
}

/** The combined value of a field (RFC 9110 §5.3; RFC 6265 §5.4 for Cookie); `name` in lower case. */
export function rawHeader(fields: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const key = fields[i] as string;
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = fields[i + 1] as string;
    found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return found;
}
