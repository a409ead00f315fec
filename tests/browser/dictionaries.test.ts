/** A real browser keeps a file as a dictionary, and takes the next version as a delta. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { memory, notFound, type Served, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { dictionaries } from "handwerk/static";
import { launch, skip } from "../support/browser.ts";

const old = Array.from({ length: 400 }, (_, i) => `export const f${i} = (x) => x * ${i * 7919};`)
  .join("\n");
const now = `${old}\nwindow.version = 2;`;
const hash = createHash("sha256").update(old).digest();
const delta = new Uint8Array([
  ...Buffer.from("5e2a4d1820000000", "hex"),
  ...hash,
  ...zstdCompressSync(now, { dictionary: Buffer.from(old) }),
]);

test("the next version of a script comes as a delta to the one before", { skip }, async () => {
  const codings = new Map<string, string>();
  const onServe = ({ path, coding }: Served): void => void codings.set(path, coding);
  const site = memory({
    "index.html": '<script type="module" src="app-1.js"></script>',
    "app-1.js": old,
    "app-2.js": now,
    [`app-2.js.${hash.toString("hex")}.dcz`]: delta,
  });
  const options = { dictionaries: dictionaries({ "app-*.js": "/app-*.js" }), onServe };
  const known: string[] = [];
  const app = serveStatic({ "/": site }, options)((request) => {
    known.push(request.headers.get("available-dictionary") ?? "");
    return notFound(request);
  });
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  const browser = await launch();
  try {
    assert.ok(browser);
    const page = await browser.newPage();
    // Browsers take dictionaries in secure contexts alone; this name is one.
    const url = `http://localhost:${new URL(server.url).port}/`;
    await page.goto(url);
    // Storing the dictionary takes the browser a moment; what is missing tells when it has.
    for (let i = 0; i < 200 && !known.at(-1); i++) await page.evaluate(`fetch("/app-x${i}.js")`);
    assert.equal(known.at(-1), `:${hash.toString("base64")}:`);
    await page.addScriptTag({ url: `${url}app-2.js`, type: "module" });
    assert.equal(await page.evaluate("window.version"), 2);
    assert.deepEqual([codings.get("app-1.js"), codings.get("app-2.js")], ["identity", "dcz"]);
    assert.ok(delta.length < old.length / 50, `${delta.length} of ${old.length} bytes`);
  } finally {
    await browser?.close();
    await server.close(true);
  }
});
