/**
 * The certificate of a server, checked before the server is made.
 *
 * @module
 */
import { createSecureContext } from "node:tls";
import { type Checks, fail, shape } from "../config.ts";

/** The certificate of a server, in PEM. */
export interface ServerTls {
  /** The certificate, and those that vouch for it. */
  readonly cert: string | Uint8Array;
  /** Its private key. */
  readonly key: string | Uint8Array;
  /** The words that protect the key. */
  readonly passphrase?: string;
}

const OPTIONS: Checks<ServerTls> = {
  cert: () => {},
  key: () => {},
  passphrase: (value, where) => {
    if (typeof value !== "string") fail(where, value, "a string");
  },
};

/** A certificate with its key, as text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

/** RFC 7468 §5 and §10–11, and what OpenSSL writes in their place. */
const CERTIFICATE = /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m;
const KEY = /^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/m;
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** What is behind errors of OpenSSL whose own words say nothing to most. */
const REMEDIES = new Map([
  ["ERR_OSSL_X509_KEY_VALUES_MISMATCH", "key is not that of the first certificate in cert"],
  ["ERR_OSSL_BAD_DECRYPT", "passphrase does not fit key"],
]);

/**
 * Checks a certificate and its key.
 *
 * @throws {TypeError} Naming the option and the remedy.
 */
export function readTls(tls: ServerTls): Certificate {
  shape(OPTIONS)(tls, "serve: tls");
  const { passphrase } = tls;
  const cert = textOf("cert", tls.cert, CERTIFICATE, "a certificate");
  const key = textOf("key", tls.key, KEY, "a private key");
  if (passphrase === undefined && ENCRYPTED.test(key)) {
    refuse(".key is encrypted; give its passphrase");
  }
  const certificate = { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
  try {
    createSecureContext(certificate);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    refuse(` cannot be used: ${REMEDIES.get(code ?? "") ?? message}`, cause);
  }
  return certificate;
}

function textOf(name: string, value: unknown, wanted: RegExp, what: string): string {
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  if (typeof text !== "string") {
    return refuse(`.${name} is ${kindOf(value)}; give ${what} in PEM, as text or bytes`);
  }
  return wanted.test(text)
    ? text
    : refuse(`.${name} holds no PEM of ${what}; give what is in the file, not its name`);
}

function kindOf(value: unknown): string {
  return value === undefined ? "missing" : value === null ? "null" : `of type ${typeof value}`;
}

function refuse(why: string, cause?: unknown): never {
  throw new TypeError(`serve: tls${why}`, cause === undefined ? undefined : { cause });
}
