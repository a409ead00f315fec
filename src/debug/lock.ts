/**
 * The lock of secrets, variables and consoles: a PIN that only the terminal shows, and a cookie for
 * the client that entered it.
 *
 * @module
 */
import { readCookie } from "../http/cookies.ts";

/** A lock. */
export interface Lock {
  readonly pin: string;
  /** The number of attempts that are left. */
  readonly attempts: number;
  /** Whether a request has a valid cookie. */
  isOpenFor(request: Request): Promise<boolean>;
  /** Tries a PIN. A cookie is for a path, and for TLS if the request was. */
  tryPin(attempt: string, path: string, secure: boolean): Promise<UnlockAttempt>;
}

/** The result of an attempt. */
export type UnlockAttempt = { readonly cookie: string } | "wrong" | "locked";

/** The number of attempts; after them, the lock stays closed until a restart. */
const ATTEMPTS = 10;
/** The lifetime of a cookie, in seconds. */
const LIFETIME = 12 * 60 * 60;
/** The longest delay after a wrong PIN, in milliseconds. */
const LONGEST_DELAY = 4000;

/**
 * Makes a lock. Its key and its PIN are random: a PIN that is derived from the machine can be derived
 * by an attacker who reads a file of it. On Workers, random numbers exist only during a request.
 *
 * @param given A PIN of the options.
 */
export async function createLock(given: string | undefined): Promise<Lock> {
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  const text = new TextEncoder();
  const sign = (value: string): Promise<ArrayBuffer> =>
    crypto.subtle.sign("HMAC", key, text.encode(value));
  const pin = given ?? randomPin();
  const expected = await sign(`pin ${digits(pin)}`);
  // Cookies are shared by the servers on all ports of a machine, so the name is random.
  const name = `handwerk_debug_${crypto.randomUUID().slice(0, 8)}`;
  let left = ATTEMPTS;
  return {
    pin,
    get attempts(): number {
      return left;
    },
    async isOpenFor(request: Request): Promise<boolean> {
      const value = readCookie(request.headers.get("cookie"), name);
      const [expires = "", signature = ""] = value?.split(".") ?? [];
      const bytes = fromHex(signature);
      if (!bytes || !(Number(expires) > performance.now())) return false;
      return await crypto.subtle.verify("HMAC", key, bytes, text.encode(`cookie ${expires}`));
    },
    async tryPin(attempt: string, path: string, secure: boolean): Promise<UnlockAttempt> {
      if (left === 0) return "locked";
      // Counted before the comparison, so that simultaneous attempts do not exceed the number.
      left--;
      // Comparing signatures takes the same time for every PIN.
      const right = await crypto.subtle.verify(
        "HMAC",
        key,
        expected,
        text.encode(`pin ${digits(attempt)}`),
      );
      if (!right) {
        const delay = Math.min(LONGEST_DELAY, 125 * 2 ** (ATTEMPTS - left));
        await new Promise((resolve) => setTimeout(resolve, delay));
        return "wrong";
      }
      left = ATTEMPTS;
      // Rounded, because a dot separates it from the signature.
      const expires = String(Math.floor(performance.now()) + LIFETIME * 1000);
      const signature = toHex(await sign(`cookie ${expires}`));
      return {
        cookie: `${name}=${expires}.${signature}; Path=${path}; Max-Age=${LIFETIME}; HttpOnly; ` +
          `SameSite=Strict${secure ? "; Secure" : ""}`,
      };
    },
  };
}

/** Nine digits in groups of three. */
function randomPin(): string {
  const bound = 1_000_000_000;
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  // Numbers above the last multiple of the bound would make some PINs more frequent.
  if (number >= 4 * bound) return randomPin();
  return String(number % bound).padStart(9, "0").replace(/(\d{3})(?=\d)/g, "$1-");
}

function digits(pin: string): string {
  return pin.replaceAll(/[\s-]/g, "");
}

function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
