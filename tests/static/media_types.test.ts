/** The media types of files, by their names, and what is compressed because of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, notFound, serveStatic, type ServeStaticOptions } from "handwerk";

const content = "0123456789".repeat(200);
const typed = async (name: string, options: ServeStaticOptions = {}): Promise<string | null> =>
  (await serve(name, options)).headers.get("content-type");
/** Accept-Encoding cannot be set on a Request everywhere; this one only reads. */
const serve = async (name: string, options: ServeStaticOptions): Promise<Response> => {
  const request = new Request(`http://host/${name}`);
  const fields = new Map([["accept-encoding", "gzip"]]);
  const value = {
    get: (name: string) => fields.get(name) ?? null,
    has: (name: string) => fields.has(name),
  };
  Object.defineProperty(request, "headers", { value });
  const response = await serveStatic({ "/": memory({ [name]: content }) }, options)(notFound)(
    request,
  );
  assert.equal(response.status, 200);
  await response.body?.cancel();
  return response;
};

/** Formats that are compressed, or gain nothing by it, with their types. */
const COMPRESSED: Readonly<Record<string, string>> = {
  "7z": "application/x-7z-compressed",
  aac: "audio/aac",
  apk: "application/vnd.android.package-archive",
  avi: "video/x-msvideo",
  avif: "image/avif",
  br: "application/octet-stream",
  bz2: "application/x-bzip2",
  cr2: "image/x-canon-cr2",
  deb: "application/octet-stream",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  epub: "application/epub+zip",
  flac: "audio/flac",
  gz: "application/gzip",
  heic: "image/heic",
  ipa: "application/zip",
  iso: "application/octet-stream",
  jar: "application/java-archive",
  jpg: "image/jpeg",
  m4a: "audio/mp4",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  odt: "application/vnd.oasis.opendocument.text",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  parquet: "application/vnd.apache.parquet",
  pdf: "application/pdf",
  rar: "application/vnd.rar",
  sqlite: "application/vnd.sqlite3",
  svgz: "application/gzip",
  "tar.gz": "application/gzip",
  tgz: "application/gzip",
  ts: "video/mp2t",
  vsix: "application/zip",
  webm: "video/webm",
  webp: "image/webp",
  whl: "application/zip",
  wmv: "video/x-ms-wmv",
  woff2: "font/woff2",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xz: "application/x-xz",
  zip: "application/zip",
  zst: "application/zstd",
};
test("media types: compressed formats are not compressed again", async () => {
  for (const [extension, type] of Object.entries(COMPRESSED)) {
    for (const name of [`a.${extension}`, `A.${extension.toUpperCase()}`]) {
      const { headers } = await serve(name, { compress: true });
      assert.deepEqual([headers.get("content-type"), headers.get("content-encoding")], [
        type,
        null,
      ], name);
    }
  }
});

/** Text, or as loose as text. */
const LOOSE: Readonly<Record<string, string>> = {
  csv: "text/csv; charset=utf-8",
  eot: "application/vnd.ms-fontobject",
  geojson: "application/geo+json",
  gpx: "application/gpx+xml",
  ico: "image/vnd.microsoft.icon",
  js: "text/javascript; charset=utf-8",
  kml: "application/vnd.google-earth.kml+xml",
  m3u8: "application/vnd.apple.mpegurl",
  md: "text/markdown; charset=utf-8",
  mpd: "application/dash+xml",
  svg: "image/svg+xml",
  ttf: "font/ttf",
  unheard: "text/plain; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  xml: "application/xml",
  yaml: "text/yaml; charset=utf-8",
};
test("media types: text and similar formats are compressed", async () => {
  for (const [extension, type] of Object.entries(LOOSE)) {
    const { headers } = await serve(`a.${extension}`, { compress: true });
    assert.deepEqual([headers.get("content-type"), headers.get("content-encoding")], [
      type,
      "gzip",
    ], extension);
  }
});

test("mimeTypes: adds types, and overrides known ones", async () => {
  const mimeTypes = { ts: "text/typescript", ".XYZZY": "application/x-magic", html: "text/x-html" };
  for (
    const [name, type] of [
      ["app.ts", "text/typescript; charset=utf-8"],
      ["app.TS", "text/typescript; charset=utf-8"],
      ["wand.xyzzy", "application/x-magic"],
      ["wand.old.xyzzy", "application/x-magic"],
      ["page.html", "text/x-html; charset=utf-8"],
      ["app.js", "text/javascript; charset=utf-8"],
      ["ts", "text/plain; charset=utf-8"],
      ["constructor", "text/plain; charset=utf-8"],
      ["a.constructor", "text/plain; charset=utf-8"],
    ] as const
  ) assert.equal(await typed(name, { mimeTypes }), type, name);
});

test("media types: the type of a source comes before that of the extension", async () => {
  const source = memory({ "app.ts": { content, type: "application/x-own" } });
  const app = serveStatic({ "/": source }, { mimeTypes: { ts: "text/typescript" } })(notFound);
  const { headers } = await app(new Request("http://host/app.ts"));
  assert.equal(headers.get("content-type"), "application/x-own");
});
