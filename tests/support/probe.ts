/** Requests as a host may hand them over: the path not normalised, the fields not checked. */
import assert from "node:assert/strict";
import type { Handler } from "handwerk";

export interface Probe {
  /** The path as it was sent. */
  readonly path: string;
  readonly method?: string;
  /** Names in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
}

export async function send(app: Handler, probe: Probe): Promise<Response> {
  const { path, method = "GET", fields = {} } = probe;
  const request = new Request("http://host/", { method });
  const lines = new Map(Object.entries(fields));
  const headers = {
    get: (name: string) => lines.get(name) ?? null,
    has: (name: string) => lines.has(name),
  };
  Object.defineProperty(request, "url", { value: `http://host${path}` });
  Object.defineProperty(request, "headers", { value: headers });
  return await app(request);
}

/** Files for the tables: what is served, and what is never to be seen, which holds "SECRET". */
export const FILES: Readonly<Record<string, string>> = {
  "ten.txt": "0123456789",
  "empty.txt": "",
  "long.txt": "0123456789".repeat(50),
  "ü.txt": "grüß",
  "index.html": "home",
  "404.html": "not found",
  "sub/index.html": "sub",
  "sub/deep.txt": "deep",
  "a#b.txt": "a#b",
  "50%.txt": "50%",
  "a+b.txt": "a+b",
  "app.js": "identity",
  "app.js.br": "brotli",
  "app.js.gz": "gzip",
  ".env": "SECRET",
  ".git/config": "SECRET",
  "secret.key": "SECRET",
  "secret.key.br": "SECRET",
  "SECRET~1.TXT": "SECRET",
  "pa\u017f\u017fwords": "SECRET",
  "private/x.txt": "SECRET",
  "private/index.html": "SECRET",
};
export const OPTIONS = {
  disallow: ["*.key", "private", "passwords"],
  precompressed: ["br", "gzip"],
  notFoundPage: "404.html",
} as const;

/** A row: why, the probe, the status, and what the content is. `$ETAG` and `$DATE` are the file's. */
export type Row = readonly [why: string, probe: Probe, status: number, content: string];

const at = (
  path: string,
  fields: Record<string, string> = {},
  method = "GET",
): Probe => ({ path, fields, method });
const range = (value: string, more: Record<string, string> = {}, path = "/ten.txt"): Probe =>
  at(path, { range: value, ...more });
const accept = (value: string): Probe => at("/app.js", { "accept-encoding": value });
const missing = (why: string, path: string): Row => [why, at(path), 404, "not found"];
const refused = (why: string, path: string): Row => [why, at(path), 400, "Bad Request"];

/** What other servers get wrong about HTTP. */
export const HTTP: readonly Row[] = [
  ["one byte", range("bytes=0-0"), 206, "0"],
  ["a suffix", range("bytes=-3"), 206, "789"],
  ["a suffix longer than the file", range("bytes=-999"), 206, "0123456789"],
  ["last before first", range("bytes=5-2"), 200, "0123456789"],
  ["an end of 2^64-1", range("bytes=0-18446744073709551615"), 206, "0123456789"],
  ["a start below zero", range("bytes=-9223372036854775608,0-0"), 200, "0123456789"],
  ["another unit", range("items=0-1"), 200, "0123456789"],
  ["the unit in capitals", range("BYTES=0-1"), 206, "01"],
  ["no digits", range("bytes=a-b"), 200, "0123456789"],
  ["ranges that nearly touch", range("bytes=0-1,4-5"), 206, "012345"],
  ["a range of nothing", range("bytes=0-0", {}, "/empty.txt"), 200, ""],
  ["behind the end", range("bytes=10-"), 416, ""],
  ["the whole, a thousand times", range(`bytes=${"0-,".repeat(1000)}0-`), 200, "0123456789"],
  [
    "four thousand single bytes",
    range(
      `bytes=${Array.from({ length: 4000 }, (_, i) => `${2 * i}-${2 * i}`).join()}`,
      {},
      "/long.txt",
    ),
    200,
    "0123456789".repeat(50),
  ],
  ["If-Range with the tag", range("bytes=0-0", { "if-range": "$ETAG" }), 206, "0"],
  ["If-Range with another tag", range("bytes=0-0", { "if-range": '"x"' }), 200, "0123456789"],
  [
    "If-Range with the tag, weakly",
    range("bytes=0-0", { "if-range": "W/$ETAG" }),
    200,
    "0123456789",
  ],
  ["If-Range with the date", range("bytes=0-0", { "if-range": "$DATE" }), 206, "0"],
  [
    "If-Range with a date to come",
    range("bytes=0-0", { "if-range": "Fri, 02 Jan 2099 03:04:05 GMT" }),
    200,
    "0123456789",
  ],
  ["HEAD with a range", at("/ten.txt", { range: "bytes=0-0" }, "HEAD"), 200, ""],
  ["If-None-Match in a list", at("/ten.txt", { "if-none-match": '"a,b", $ETAG' }), 304, ""],
  ["If-None-Match, weakly", at("/ten.txt", { "if-none-match": "W/$ETAG" }), 304, ""],
  ["If-None-Match of anything", at("/ten.txt", { "if-none-match": "*" }), 304, ""],
  ["If-None-Match to HEAD", at("/ten.txt", { "if-none-match": "$ETAG" }, "HEAD"), 304, ""],
  ["If-None-Match of nothing", at("/empty.txt", { "if-none-match": "*" }), 304, ""],
  ["If-None-Match on what is missing", at("/none", { "if-none-match": "*" }), 404, "not found"],
  ["If-Modified-Since", at("/ten.txt", { "if-modified-since": "$DATE" }), 304, ""],
  [
    "If-Modified-Since, ISO",
    at("/ten.txt", { "if-modified-since": "2099-01-01" }),
    200,
    "0123456789",
  ],
  ["If-Match of another", at("/ten.txt", { "if-match": '"x"' }), 412, ""],
  ["If-Match, weakly", at("/ten.txt", { "if-match": "W/$ETAG" }), 412, ""],
  ["If-Match of nothing", at("/empty.txt", { "if-match": "*" }), 200, ""],
  ["If-Match before Range", range("bytes=99-", { "if-match": '"x"' }), 412, ""],
  [
    "If-Unmodified-Since before",
    at("/ten.txt", { "if-unmodified-since": "Thu, 01 Jan 1998 00:00:00 GMT" }),
    412,
    "",
  ],
  ["POST", at("/ten.txt", {}, "POST"), 418, "passed on"],
  ["OPTIONS", at("/ten.txt", {}, "OPTIONS"), 418, "passed on"],
  ["br refused", accept("br;q=0, gzip"), 200, "gzip"],
  ["br liked less", accept("br;q=0.1, gzip;q=1"), 200, "gzip"],
  ["no names of codings", accept("bra, gzipped"), 200, "identity"],
  ["x-gzip", accept("x-gzip"), 200, "gzip"],
  ["nothing is acceptable", accept("identity;q=0"), 406, "Not Acceptable"],
  [
    "a range of a coding",
    at("/app.js", { "accept-encoding": "br", range: "bytes=0-1" }),
    206,
    "br",
  ],
  ["length in bytes", at("/%C3%BC.txt"), 200, "grüß"],
];

/** What other servers have given away. */
export const PATHS: readonly Row[] = [
  missing("a dotfile", "/.env"),
  missing("a dotfile, escaped", "/%2Eenv"),
  missing("a dotfile in a directory", "/.git/config"),
  refused("a dot behind the name (CVE-2025-46565)", "/.env/."),
  refused("a sibling of the root (CVE-2025-58751)", "/../private.txt"),
  refused("through an export", "/sub/../../secret.txt"),
  missing("an escaped slash (CVE-2026-29087)", "/private%2Fx.txt"),
  missing("an escaped slash to what is served", "/sub%2fdeep.txt"),
  missing("two slashes (CVE-2026-39406)", "//private/x.txt"),
  missing("two slashes to what is served", "//ten.txt"),
  missing("two slashes inside", "/sub//deep.txt"),
  missing("an escaped backslash (GHSA-frvp-7c67-39w9)", "/private%5Cx.txt"),
  refused("a backslash", "/private\\x.txt"),
  refused("escaped dots (GHSA-wr4h-v87w-p3r7)", "/%2e%2e/x"),
  missing("dots, escaped twice", "/%252e%252e/x"),
  refused("a dot segment around a guard (CVE-2026-6414)", "/sub/../private/x.txt"),
  refused("a single dot", "/./ten.txt"),
  refused("a listing above (GHSA-pr96-94w5-mx2h)", "/sub/../"),
  refused("escaped dots in the middle (GHSA-3pmx)", "/sub/%2E%2E/private/x.txt"),
  missing("escaped separators and dots", "/sub/..%2F..%2Fsecret.txt"),
  missing("backslashes and dots", "/a%5C..%5C..%5Csecret.txt"),
  refused("two slashes and a host (CVE-2015-1164)", "//evil.com/%2e%2e"),
  missing("two slashes, a host, an escaped slash", "//evil.com%2f.."),
  missing("a host behind escapes", "/sub/..%2F%5cgithub.com%2F%3f%2F..%2F.."),
  refused("a backslash and a host", "/\\evil.com/%2e%2e"),
  missing("NUL (CVE-2025-11149)", "/%00"),
  missing("NUL behind a name", "/ten.txt%00.html"),
  refused("half an escape", "/%"),
  refused("no escape", "/%zz"),
  missing("no UTF-8", "/%ff"),
  missing("overlong dots", "/%c0%ae%c0%ae/x"),
  missing("a device of Windows (CVE-2025-23084)", "/CON"),
  missing("a device with an extension", "/aux.txt"),
  missing("a device and a space", "/COM1%20"),
  missing("a device and a superscript", "/COM%C2%B9"),
  missing("a device on the way", "/sub/NUL/x"),
  missing("a drive", "/C:/x"),
  missing("a drive and dots", "/c:..%5Cx"),
  missing("a path of devices", "/%5C%5C%3F%5CC:%5Cx"),
  missing("a stream", "/ten.txt::$DATA"),
  missing("a short name", "/SECRET~1.TXT"),
  missing("a dot at the end", "/ten.txt."),
  missing("a space at the end", "/ten.txt%20"),
  missing("a slash at the end", "/ten.txt/"),
  missing("disallowed", "/secret.key"),
  missing("disallowed, in capitals", "/SECRET.KEY"),
  missing("disallowed, in letters that fold", "/pa%C5%BF%C5%BFwords"),
  missing("disallowed, escaped", "/secret%2Ekey"),
  missing("disallowed, in a coding", "/secret.key.br"),
  missing("disallowed, its index", "/private/"),
  missing("disallowed, without its slash", "/private"),
  ["an escaped #", at("/a%23b.txt"), 200, "a#b"],
  ["an escaped %", at("/50%25.txt"), 200, "50%"],
  ["a plus", at("/a+b.txt"), 200, "a+b"],
  ["an escaped plus", at("/a%2Bb.txt"), 200, "a+b"],
  ["a letter that is escaped", at("/t%65n.txt"), 200, "0123456789"],
  ["a directory", at("/sub/"), 200, "sub"],
];

/** Runs rows against an app; what it passes on must be answered with 418 "passed on". */
export async function check(app: Handler, [, probe, status, content]: Row): Promise<void> {
  const known = await send(app, { path: probe.path.split("?")[0] ?? "", method: "HEAD" });
  const [etag = "", date = ""] = ["etag", "last-modified"].map((name) =>
    known.headers.get(name) ?? undefined
  );
  const fields = Object.fromEntries(
    Object.entries(probe.fields ?? {}).map(([name, value]) => [
      name,
      value.replace("$ETAG", etag).replace("$DATE", date),
    ]),
  );
  const response = await send(app, { ...probe, fields });
  assert.equal(response.status, status);
  const text = await response.text();
  assert.equal(text, content);
  const length = response.headers.get("content-length");
  if (length !== null && probe.method !== "HEAD") {
    assert.equal(Number(length), new TextEncoder().encode(text).length);
  }
  for (const name of ["location", "date", "server"]) {
    assert.equal(response.headers.get(name), null, name);
  }
}
