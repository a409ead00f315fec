/** A listing in a real browser, at the width of a phone and of a desk. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { memory, notFound, serveStatic } from "handwerk";
import { type RunningServer, serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";

const files = {
  "b.txt": { content: "0123456789", lastModified: new Date("2026-01-02T03:04:05Z") },
  "a.txt": "x".repeat(2500),
  "<img src=x onerror=alert(1)>.txt": "odd",
  "folder/below/deep.txt": "deep",
};
let server: RunningServer;
let browser: Browser | undefined;
before(async () => {
  const app = serveStatic({ "/files": memory(files) }, { listing: true })(notFound);
  server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server.close(true);
});

for (const width of [390, 1200]) {
  test(`a person finds their way at ${width} pixels`, { skip }, async () => {
    assert.ok(browser);
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const problems: string[] = [];
    page.on("console", (message) => problems.push(message.text()));
    page.on("dialog", (dialog) => problems.push(dialog.message()));
    await page.goto(`${server.url}files`);
    assert.equal(new URL(page.url()).pathname, "/files/");
    const names = (): Promise<string[]> => page.locator("tbody bdi").allInnerTexts();
    assert.deepEqual(await names(), [
      "folder/",
      "<img src=x onerror=alert(1)>.txt",
      "a.txt",
      "b.txt",
    ]);
    await page.getByRole("link", { name: "Size" }).click();
    await page.getByRole("link", { name: "Size" }).click();
    assert.deepEqual(await names(), [
      "folder/",
      "a.txt",
      "b.txt",
      "<img src=x onerror=alert(1)>.txt",
    ]);
    assert.equal(await page.locator("th[aria-sort=descending]").count(), 1);
    const scrolls = `document.documentElement.scrollWidth > document.documentElement.clientWidth`;
    assert.equal(await page.evaluate(scrolls), false);
    await page.getByRole("link", { name: "folder/" }).click();
    await page.getByRole("link", { name: "below/" }).click();
    assert.equal(await page.title(), "/files/folder/below/");
    await page.getByRole("link", { name: "folder" }).click();
    assert.equal(new URL(page.url()).pathname, "/files/folder/");
    await page.getByRole("link", { name: "Parent directory" }).click();
    assert.equal(new URL(page.url()).pathname, "/files/");
    assert.deepEqual(problems.filter((text) => !text.includes("favicon")), []);
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`everybody can use it, in ${colorScheme} colours`, { skip }, async () => {
    assert.ok(browser);
    const context = await browser.newContext({ colorScheme, bypassCSP: true });
    const page = await context.newPage();
    for (const path of ["files/", "files/folder/below/"]) {
      await page.goto(`${server.url}${path}`);
      await page.addScriptTag({
        content: readFileSync("node_modules/axe-core/axe.min.js", "utf8"),
      });
      const violations = await page.evaluate("axe.run().then((found) => found.violations)");
      assert.deepEqual(violations, []);
      const scheme = await page.evaluate(`getComputedStyle(document.body).color`);
      assert.equal(scheme, colorScheme === "dark" ? "rgb(236, 238, 241)" : "rgb(26, 28, 32)");
    }
    await context.close();
  });
}

test("it works with the keyboard alone", { skip }, async () => {
  assert.ok(browser);
  const page = await browser.newPage();
  await page.goto(`${server.url}files/`);
  const focused = (): Promise<unknown> => page.evaluate("document.activeElement.innerText");
  const reached: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press("Tab");
    reached.push(await focused());
  }
  assert.deepEqual(reached.slice(1), [
    "Size",
    "Modified (UTC)",
    "folder/",
    "<img src=x onerror=alert(1)>.txt",
  ]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/folder/);
  await page.close();
});
