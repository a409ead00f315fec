/** The option tls of serve: errors are found when the server is created. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { request } from "node:https";
import { after, test } from "node:test";
import { type RunningServer, serve } from "handwerk/node";
import { type ServerTls } from "../../src/node.ts";
import { certificates } from "../support/certificates.ts";

const { sign } = certificates();
const [good, other] = [sign("localhost"), sign("elsewhere")];
const encrypted = (...args: string[]): string =>
  execFileSync("openssl", args, { input: good.key, encoding: "utf8" });
const locked = encrypted("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret");
const lockedOfOld = encrypted("ec", "-aes256", "-passout", "pass:secret");
const running: RunningServer[] = [];
const start = async (tls: unknown, more: object = {}): Promise<RunningServer> => {
  const own = { fetch: () => new Response("ok"), hostname: "127.0.0.1", port: 0 };
  const server = await serve({ ...own, tls: tls as ServerTls, ...more });
  running.push(server);
  return server;
};
after(() => Promise.all(running.map((server) => server.close(true))));

const wrong: readonly (readonly [string, unknown, RegExp])[] = [
  ["null", null, /^serve: tls is null; give an object such as \{ cert: … \}$/],
  ["a path", "cert.pem", /^serve: tls is "cert.pem"; give an object/],
  ["nothing", {}, /^serve: tls\.cert is missing; give a certificate in PEM, as text or bytes$/],
  ["no key", { cert: good.cert }, /^serve: tls\.key is missing; give a private key in PEM/],
  ["no certificate", { key: good.key }, /^serve: tls\.cert is missing/],
  ["a number", { ...good, cert: 5 }, /^serve: tls\.cert is of type number/],
  ["a list", { ...good, key: [good.key] }, /^serve: tls\.key is of type object/],
  ["null for a key", { ...good, key: null }, /^serve: tls\.key is null/],
  [
    "the name of a file",
    { ...good, cert: "./cert.pem" },
    /^serve: tls\.cert holds no PEM of a certificate; give the content of the file, not its name$/,
  ],
  [
    "bytes that are not PEM",
    { ...good, key: new Uint8Array(9) },
    /^serve: tls\.key holds no PEM of/,
  ],
  ["both the wrong way round", { cert: good.key, key: good.cert }, /^serve: tls\.cert holds no/],
  ["a certificate twice", { cert: good.cert, key: good.cert }, /^serve: tls\.key holds no PEM/],
  ["a locked key", { ...good, key: locked }, /^serve: tls\.key is encrypted; give its passphrase$/],
  ["one of old", { ...good, key: lockedOfOld }, /^serve: tls\.key is encrypted/],
  [
    "bytes for a passphrase",
    { ...good, passphrase: new Uint8Array(9) },
    /passphrase is an object; give a string/,
  ],
  [
    "an unknown option",
    { ...good, ca: "" },
    /^serve: tls: unknown option "ca"; the options are cert, key, passphrase/,
  ],
];
for (const [name, tls, message] of wrong) {
  test(`tls: rejects ${name}`, async () => {
    for (const http2 of [false, true]) {
      await assert.rejects(start(tls, { http2 }), { name: "TypeError", message });
    }
  });
}

// What only OpenSSL can tell.
const unusable: readonly (readonly [string, unknown, RegExp])[] = [
  ["the key of another", { ...good, key: other.key }, /: key is not that of the first certificate/],
  ["a wrong passphrase", { ...good, key: locked, passphrase: "no" }, /: passphrase does not fit/],
  [
    "broken text",
    { ...good, cert: "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----" },
    /: error:/,
  ],
];
for (const [name, tls, message] of unusable) {
  test(`tls: rejects ${name}, with the error of OpenSSL as cause`, async () => {
    await assert.rejects(start(tls), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^serve: tls cannot be used: /);
      assert.match(error.message, message);
      assert.match(String((error.cause as { code?: unknown }).code), /^ERR_OSSL_/);
      return true;
    });
  });
}

test("tls: takes text, bytes and an encrypted key", async () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const forms: readonly ServerTls[] = [
    good,
    { cert: bytes(good.cert), key: bytes(good.key) },
    { cert: `a comment\n${good.cert}`, key: locked, passphrase: "secret" },
    { ...good, key: lockedOfOld, passphrase: "secret" },
  ];
  for (const tls of forms) {
    const server = await start(tls);
    const status = await new Promise((resolve, reject) => {
      const options = { port: server.port, host: "127.0.0.1", rejectUnauthorized: false };
      request(options, (answer) => resolve(answer.resume().statusCode)).on("error", reject).end();
    });
    assert.equal(status, 200);
  }
});

test("options: rejects wrong values beside tls", async () => {
  for (const [name, value] of [["hostname", 80], ["http2", "yes"], ["tls", false]] as const) {
    await assert.rejects(start(good, { [name]: value }), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, new RegExp(`^serve: ${name} `));
      return true;
    });
  }
});
