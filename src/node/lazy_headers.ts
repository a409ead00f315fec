/**
 * The headers of a request, read from the header lines that Node received, and the way to stand in
 * for a native object until it is needed.
 *
 * @module
 */
import { appendHeaders } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";

/** Classes that {@linkcode linkStandIns} has to link. */
const unlinked: (() => void)[] = [];

/**
 * Lets a class stand in for a native one: it inherits from it, and members that it does not define
 * come from the native object.
 *
 * @param own The prototype of the class.
 * @param native Returns the prototype of the native class.
 * @param nativeOf Creates the native object of an instance at the first call.
 */
export function standInFor<T extends object>(
  own: T,
  native: () => object,
  nativeOf: (instance: T) => object,
): void {
  unlinked.push(() => link(own, native(), nativeOf));
}

/**
 * Links the classes that stand in for native ones. Not done on import: Node loads its `fetch` when a
 * native class is first named, which takes as long as all our imports.
 */
export function linkStandIns(): void {
  for (const linkOne of unlinked.splice(0)) linkOne();
}

function link<T extends object>(own: T, native: object, nativeOf: (instance: T) => object): void {
  const members = Object.create(native) as object;
  for (const name of Reflect.ownKeys(native)) {
    if (name === "constructor" || name === Symbol.toStringTag) continue;
    Object.defineProperty(members, name, {
      get(this: T): unknown {
        const object = nativeOf(this);
        const value: unknown = Reflect.get(object, name);
        return typeof value === "function" ? value.bind(object) : value;
      },
    });
  }
  Object.setPrototypeOf(own, members);
}

/** Headers that are native once more than `get` and `has` is used. */
class LazyHeaders {
  readonly #lines: RawHeaders;
  #native: Headers | undefined;

  constructor(lines: RawHeaders) {
    this.#lines = lines;
  }
  static {
    standInFor(
      this.prototype,
      () => Headers.prototype,
      (self) => self.#native ??= appendHeaders(new Headers(), self.#lines),
    );
  }

  get(name: string): string | null {
    if (this.#native) return this.#native.get(name);
    return rawHeader(this.#lines, name.toLowerCase()) ?? null;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
}

/** The headers of a flat list of header lines. */
export function lazyHeaders(lines: RawHeaders): Headers {
  return new LazyHeaders(lines) as unknown as Headers;
}

/**
 * The combined value of a header (RFC 9110 §5.3; RFC 6265 §5.4 for Cookie).
 *
 * @param name In lower case.
 */
export function rawHeader(lines: RawHeaders, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const key = lines[i] as string;
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = lines[i + 1] as string;
    found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return found;
}

/** Header lines without some names, which are in lower case. */
export function withoutHeaders(names: ReadonlySet<string>, lines: RawHeaders): string[] {
  return lines.filter((_, at) => !names.has((lines[at - at % 2] as string).toLowerCase()));
}
