/**
 * The certificate of a server, checked when the server is created.
 *
 * @module
 */
import { type Checks, fail, shape } from "../config.ts";
import { builtin } from "../runtime.ts";

/** The certificate of a server, in PEM. */
export interface ServerTls {
  /** The certificate chain, the certificate of the server first. */
  readonly cert: string | Uint8Array;
  /** The private key of the certificate. */
  readonly key: string | Uint8Array;
  /**
   * The passphrase of an encrypted key.
   *
   * @default none
   */
  readonly passphrase?: string;
}

/** A certificate with its key, as text. */
export interface Certificate extends ServerTls {
  readonly cert: string;
  readonly key: string;
}

const CHECKS: Checks<ServerTls> = {
  cert: () => {}, // pem
  key: () => {}, // pem
  passphrase: (value, where) => {
    if (typeof value !== "string") fail(where, value, "a string");
  },
};

/** RFC 7468 §5 and §10–11, and the older labels of OpenSSL. */
const CERTIFICATE = /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m;
const KEY = /^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/m;
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Clearer messages for errors of OpenSSL. */
const MESSAGES = new Map([
  ["ERR_OSSL_X509_KEY_VALUES_MISMATCH", "key is not that of the first certificate in cert"],
  ["ERR_OSSL_BAD_DECRYPT", "passphrase does not fit key"],
]);

/**
 * Checks a certificate and its key.
 *
 * @throws {TypeError} Naming the option and the remedy.
 */
export function readTls(tls: ServerTls): Certificate {
  shape(CHECKS)(tls, "serve: tls");
  const cert = pem("cert", tls.cert, CERTIFICATE, "a certificate");
  const key = pem("key", tls.key, KEY, "a private key");
  if (tls.passphrase === undefined && ENCRYPTED.test(key)) {
    throw new TypeError("serve: tls.key is encrypted; give its passphrase");
  }
  const certificate = { ...tls, cert, key };
  try {
    builtin("node:tls").createSecureContext(certificate);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = MESSAGES.get(code ?? "") ?? message;
    throw new TypeError(`serve: tls cannot be used: ${why}`, { cause });
  }
  return certificate;
}

function pem(name: string, value: unknown, pattern: RegExp, what: string): string {
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  if (typeof text !== "string") {
    const kind = value === undefined
      ? "missing"
      : value === null
      ? "null"
      : `of type ${typeof value}`;
    throw new TypeError(`serve: tls.${name} is ${kind}; give ${what} in PEM, as text or bytes`);
  }
  if (pattern.test(text)) return text;
  throw new TypeError(
    `serve: tls.${name} holds no PEM of ${what}; give the content of the file, not its name`,
  );
}
