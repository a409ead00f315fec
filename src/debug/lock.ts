/**
 * The lock before everything that runs code or shows secrets: a PIN that only the terminal of the
 * process shows, and a cookie for whoever knew it.
 *
 * @module
 */

/** What came of an attempt. */
export type UnlockAttempt = { readonly cookie: string } | "wrong" | "locked";

/** A lock. */
export interface Lock {
  /** The PIN, for the terminal. */
  readonly pin: string;
  /** How many attempts are left. */
  readonly attempts: number;
  /** Whether a request brings the cookie. */
  isOpenFor(request: Request): Promise<boolean>;
  /**
   * Tries a PIN.
   *
   * @param path The path that the cookie is for.
   * @param secure Whether the request came over TLS.
   */
  tryPin(pin: string, path: string, secure: boolean): Promise<UnlockAttempt>;
}

/** Time, as tests turn it. */
export interface LockClock {
  /** Milliseconds since any fixed moment; never runs backwards. */
  now(): number;
  /** Resolves after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/** How often a PIN may be tried; then only a restart helps. */
const ATTEMPTS = 10;
/** How long a cookie is good for, in seconds. */
const LIFETIME = 12 * 60 * 60;
const LONGEST_DELAY = 4000;

/**
 * Makes a lock. Its key and its PIN are random: what can be derived from the machine can be derived
 * by whoever reads a file of it. Not to be called while a module loads, when Workers have no random
 * numbers yet.
 *
 * @param given A PIN that was configured.
 */
export async function createLock(given: string | undefined, clock: LockClock): Promise<Lock> {
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  const text = new TextEncoder();
  const sign = (value: string): Promise<ArrayBuffer> =>
    crypto.subtle.sign("HMAC", key, text.encode(value));
  const pin = given ?? randomPin();
  const expected = await sign(`pin ${digits(pin)}`);
  // Cookies do not know ports: another server on this machine gets it, too, and may have its own.
  const name = `handwerk_debug_${crypto.randomUUID().slice(0, 8)}`;
  let left = ATTEMPTS;
  return {
    pin,
    get attempts() {
      return left;
    },
    async isOpenFor(request) {
      const value = readCookie(request.headers.get("cookie") ?? "", name);
      const [expires = "", signature = ""] = value?.split(".") ?? [];
      const bytes = fromHex(signature);
      if (!bytes || !(Number(expires) > clock.now())) return false;
      return await crypto.subtle.verify("HMAC", key, bytes, text.encode(`cookie ${expires}`));
    },
    async tryPin(attempt, path, secure) {
      if (left === 0) return "locked";
      // Counted before it is compared, so that attempts at the same time are no more than others.
      left--;
      // The comparison of signatures takes as long whatever the PIN is.
      const right = await crypto.subtle.verify(
        "HMAC",
        key,
        expected,
        text.encode(`pin ${digits(attempt)}`),
      );
      if (!right) {
        await clock.wait(Math.min(LONGEST_DELAY, 125 * 2 ** (ATTEMPTS - left)));
        return "wrong";
      }
      left = ATTEMPTS;
      // Whole: a dot ends it in the cookie.
      const expires = String(Math.floor(clock.now()) + LIFETIME * 1000);
      const signature = toHex(await sign(`cookie ${expires}`));
      return {
        cookie: `${name}=${expires}.${signature}; Path=${path}; Max-Age=${LIFETIME}; HttpOnly; ` +
          `SameSite=Strict${secure ? "; Secure" : ""}`,
      };
    },
  };
}

/** Nine digits, as people read them to each other. */
function randomPin(): string {
  const bound = 1_000_000_000;
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  // Four billion is no multiple of the bound; what is above the last one would come up too often.
  if (number >= 4 * bound) return randomPin();
  return String(number % bound).padStart(9, "0").replace(/(\d{3})(?=\d)/g, "$1-");
}

function digits(pin: string): string {
  return pin.replaceAll(/[\s-]/g, "");
}

function readCookie(field: string, name: string): string | undefined {
  const pair = field.split(";").map((part) => part.trim()).find((part) =>
    part.startsWith(`${name}=`)
  );
  return pair?.slice(name.length + 1);
}

function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
