/** Certificates for tests, made with openssl. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "./temp.ts";

export interface Certificates {
  /** The certificate of an authority that nobody trusts of itself. */
  readonly ca: string;
  /** A certificate for a host name, signed by the authority, and its key. */
  sign(this: void, name: string): { readonly cert: string; readonly key: string };
}

export function certificates(): Certificates {
  const folder = temporary({});
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...made, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA");
  return {
    ca: read("ca.pem"),
    sign(name) {
      const [key, request, cert] = [`${name}.key`, `${name}.csr`, `${name}.pem`];
      const names = ["-addext", `subjectAltName=DNS:${name}`];
      openssl("req", ...made, "-keyout", key, "-out", request, "-subj", `/CN=${name}`, ...names);
      const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copy"];
      openssl("x509", "-req", "-in", request, "-out", cert, ...signed);
      return { cert: read(cert), key: read(key) };
    },
  };
}
