/** The site in a real browser. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, skip } from "../support/browser.ts";

const site = spawn(process.execPath, ["tests/examples/node.ts"], {
  env: { ...process.env, PORT: "0" },
});
let url: string;
let browser: Browser | undefined;
before(async () => {
  url = await new Promise((resolve) => {
    site.stdout.on("data", (chunk: Buffer) => {
      const match = /The site is at (\S+)/.exec(chunk.toString());
      if (match?.[1]) resolve(match[1]);
    });
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  site.kill("SIGINT");
});

test("the page works, and so does every link on it", { skip }, async () => {
  assert.ok(browser);
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("requestfailed", (request) => problems.push(request.url()));
  await page.goto(url);
  await page.waitForFunction(`/\\d/.test(document.querySelector("#time").textContent)`);
  const links = await page.locator("a").evaluateAll((anchors) =>
    anchors.map((anchor) => (anchor as unknown as { href: string }).href)
  );
  assert.equal(links.length, 6);
  for (const link of links) {
    assert.equal((await page.request.get(link)).status(), 200, link);
  }
  await page.getByText("the guest book").click();
  await page.getByLabel("Your entry").fill("<i>A visitor</i>");
  await page.getByRole("button", { name: "Sign" }).click();
  await page.getByText("<i>A visitor</i>").waitFor();
  assert.equal(new URL(page.url()).pathname, "/guestbook/");
  assert.deepEqual(problems, []);
});
