/** The site in a real browser. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, skip } from "../support/browser.ts";

const site = spawn(process.execPath, ["tests/examples/node.ts"], {
  env: { ...process.env, PORT: "0", NODE_ENV: "development" },
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
  page.on("requestfailed", (request) => {
    // The end of a stream of events is a failure to the browser.
    if (request.resourceType() !== "eventsource") problems.push(request.url());
  });
  await page.goto(url);
  await page.waitForFunction(`/\\d/.test(document.querySelector("#time").textContent)`);
  await page.getByText("tick 3").waitFor();
  const links = await page.locator("a").evaluateAll((anchors) =>
    anchors.map((anchor) => (anchor as unknown as { href: string }).href)
  );
  assert.equal(links.length, 8);
  for (const link of links) {
    const status = link.endsWith("/fail") ? 500 : 200;
    assert.equal((await page.request.get(link)).status(), status, link);
  }
  await page.getByText("the guest book").click();
  await page.getByLabel("Your entry").fill("<i>A visitor</i>");
  await page.getByRole("button", { name: "Sign" }).click();
  await page.getByText("<i>A visitor</i>").waitFor();
  assert.equal(new URL(page.url()).pathname, "/guestbook/");
  await page.getByRole("link", { name: "Back" }).click();
  await page.getByText("A directory").click();
  await page.getByRole("link", { name: "grüße.txt" }).waitFor();
  assert.equal(await page.getByText("the.secret").count(), 0);
  assert.deepEqual(problems, []);
});

test("a failing page shows the debugger", { skip }, async () => {
  assert.ok(browser);
  const page = await browser.newPage();
  await page.goto(`${url}fail`);
  await page.getByText("Nobody of the name Alan is known").first().waitFor();
  await page.getByText("if (year === undefined) throw").first().waitFor();
  await page.getByText("Unlock to read variables").first().waitFor();
});
