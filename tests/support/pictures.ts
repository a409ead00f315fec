/** Makes the pictures of the manuals: `node tests/support/pictures.ts`, with Chromium. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launch } from "./browser.ts";
import { temporary } from "./temp.ts";

const PIN = "246-813-579";
const PICTURES = resolve("tests/examples/pictures");

/** An application in a folder of its own, whose code the debugger shows. */
const folder = temporary({
  "shop.ts": `const products = new Map([["plane", 89], ["chisel", 24]]);

function total(order: Map<string, number>): number {
  let sum = 0;
  for (const [name, count] of order) {
    const price = products.get(name);
    if (price === undefined) throw new RangeError(\`There is no product "\${name}"\`);
    sum += price * count;
  }
  return sum;
}

export function shop(): Response {
  const order = new Map([["plane", 1], ["chisle", 2]]);
  return Response.json({ total: total(order) });
}
`,
  "server.ts": `import { compose, dispatch, notFound, serveStatic } from "handwerk";
import { debug } from "handwerk/debug";
import { serve } from "handwerk/node";
import { shop } from "./shop.ts";

const app = compose(
  debug({ enabled: true, live: true, log: () => {} }),
  serveStatic({ "/files": "./files" }, { listing: true }),
  dispatch({ "/order": shop }),
)(notFound);
const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
console.log(server.url);
`,
});
const files: readonly (readonly [string, number, string])[] = [
  ["handbook.pdf", 2_413_112, "2026-09-14T08:12:00Z"],
  ["interview.mp3", 38_204_551, "2026-11-02T16:40:00Z"],
  ["prices 2026.csv", 18_422, "2026-01-07T09:00:00Z"],
  ["workshop.webp", 184_310, "2026-10-21T11:05:00Z"],
];
mkdirSync(join(folder, "files/talks"), { recursive: true });
for (const [name, size, time] of files) {
  const file = join(folder, "files", name);
  writeFileSync(file, "");
  truncateSync(file, size);
  utimesSync(file, new Date(time), new Date(time));
}
utimesSync(
  join(folder, "files/talks"),
  new Date("2026-11-20T10:00Z"),
  new Date("2026-11-20T10:00Z"),
);
mkdirSync(join(folder, "node_modules"));
symlinkSync(resolve("."), join(folder, "node_modules/handwerk"));

async function shoot(browser: Browser, page: Page, name: string, height: number): Promise<void> {
  const clip = { x: 0, y: 0, width: 960, height };
  const png = (await page.screenshot({ fullPage: true, clip })).toString("base64");
  const canvas = await browser.newPage();
  const webp = await canvas.evaluate<string>(`(async () => {
    const image = new Image(960, ${height});
    image.src = "data:image/png;base64,${png}";
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: ${height} });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.8).split(",")[1];
  })()`);
  await canvas.close();
  writeFileSync(join(PICTURES, `${name}.webp`), Buffer.from(webp, "base64"));
}

const server = spawn(process.execPath, ["server.ts"], {
  cwd: folder,
  env: { ...process.env, HANDWERK_PIN: PIN },
  stdio: ["ignore", "pipe", "inherit"],
});
const browser = await launch();
if (!browser) throw new Error("There is no Chromium");
try {
  const [printed] = await once(server.stdout, "data") as [Buffer];
  const url = printed.toString().trim();
  const page = await browser.newPage({ viewport: { width: 960, height: 800 } });
  await page.goto(`${url}files/`);
  await shoot(browser, page, "listing", 390);

  await page.goto(`${url}order`);
  await page.locator("summary").first().focus();
  await page.keyboard.press("c");
  await page.keyboard.press("Enter");
  await page.locator("dialog").waitFor();
  await page.keyboard.type(PIN);
  await page.keyboard.press("Enter");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.locator(".live .key", { hasText: "order" }).first().waitFor();
  await page.locator("summary").first().focus();
  await page.keyboard.press("c");
  await page.locator(".live textarea:focus").waitFor();
  await page.keyboard.type("[...products.keys()]");
  await page.keyboard.press("Enter");
  await page.locator(".out", { hasText: "chisel" }).first().waitFor();
  await shoot(browser, page, "debug", 960);
} finally {
  await browser.close();
  server.kill();
}
