/** The pages in a real browser: with the keyboard, without JavaScript, and checked by axe. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { debug } from "handwerk/debug";
import { type RunningServer, serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";

const PIN = "246-813-579";
let server: RunningServer;
let browser: Browser | undefined;

function find(id: number): string {
  const rows = new Map([[1, "one"]]);
  const row = rows.get(id);
  const message = `no row ${id} among ${rows.size}`;
  // Far to the right, so that a phone has to scroll there.
  if (row === undefined && rows.size > 0 && message !== "") throw new RangeError(message);
  return row ?? "";
}
before(async () => {
  const options = { enabled: true, console: true, live: true, pin: PIN, log: () => {} };
  const app = debug({ ...options, editor: "vscode://file/{file}:{line}:{column}" })((request) => {
    try {
      return new Response(find(Number(new URL(request.url).searchParams.get("id"))));
    } catch (cause) {
      throw new Error("the page failed", { cause });
    }
  });
  server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server.close(true);
});

/** A page in a browser of its own, and what went wrong in it. */
async function open(
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  assert.ok(browser);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("dialog", (dialog) => problems.push(dialog.message()));
  page.on("console", (message) => {
    // The page itself is a 500, and a question that is locked a 401.
    if (!/status of (?:500|401)/.test(message.text())) problems.push(message.text());
  });
  await page.goto(server.url + path);
  return { page, problems };
}

/** Waits for an expression; Playwright's own way is refused by the policy of the page. */
async function until(page: Page, expression: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  assert.fail(expression);
}

const isTooWide = `document.documentElement.scrollWidth > document.documentElement.clientWidth`;

for (const width of [390, 1280]) {
  test(
    `the keyboard reaches the frame, its variables and its console at ${width} pixels`,
    { skip },
    async () => {
      const { page, problems } = await open("?id=7", { viewport: { width, height: 800 } });
      assert.match(await page.locator("h1").innerText(), /^Error the page failed$/);
      const cause = page.locator("section.cause");
      assert.match(await cause.locator("h2").innerText(), /RangeError no row 7 among 1/);
      assert.equal(await cause.locator(".frame[open] mark").innerText(), "new RangeError");
      const seen = (selector: string): Promise<boolean> =>
        page.evaluate(`(({left, right}) => left >= 0 && right <= innerWidth)(
        document.querySelector("${selector}").getBoundingClientRect())`);
      assert.ok(await seen("section.cause .frame[open] mark"));
      assert.ok(await seen(".frame[open] mark"));
      const names = (): Promise<string> =>
        page.evaluate(`document.activeElement.querySelector(".name")?.textContent ?? ""`);
      // To the frame where it was thrown, and into its console.
      await page.locator("summary").first().focus();
      for (let i = 0; i < 30 && await names() !== "find"; i++) {
        await page.keyboard.press("ArrowDown");
      }
      assert.equal(await names(), "find");
      await page.keyboard.press("c");
      await page.keyboard.press("Enter");
      const dialog = page.locator("dialog");
      await dialog.waitFor();
      await page.keyboard.type("000-000-000");
      await page.keyboard.press("Enter");
      await page.getByText("Wrong PIN. 9 attempts are left.").waitFor();
      await page.keyboard.type(PIN);
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      const live = cause.locator(".live").first();
      await live.locator(".key", { hasText: "rows" }).waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".frame[open] > summary").last().focus();
      await page.keyboard.press("c");
      const enter = async (text: string): Promise<void> => {
        await page.keyboard.type(text);
        await page.keyboard.press("Enter");
      };
      const output = live.locator(".out");
      await enter("let twice = id * 2; twice");
      await output.locator(".v-number", { hasText: "14" }).waitFor();
      await enter("twice + (await Promise.resolve(1))");
      await output.locator(".v-number", { hasText: "15" }).waitFor();
      await enter("({ deep: { er: 'here' } })");
      const value = output.locator("details").last();
      await value.locator("summary").first().click();
      await value.locator(".key", { hasText: "deep" }).waitFor();
      await live.locator("textarea").focus();
      await enter("null.x");
      await output.getByText("TypeError: Cannot read").waitFor();
      // An input that is not complete goes on in the next line.
      await enter("[1,");
      await until(page, `document.activeElement.value?.endsWith("\\n")`);
      await enter("2].length + 40");
      await output.locator(".v-number", { hasText: "42" }).waitFor();
      await page.keyboard.press("ArrowUp");
      assert.match(await live.locator("textarea").inputValue(), /^\[1,\n2\]\.length \+ 40$/);
      await page.keyboard.press("Control+l");
      assert.equal(await output.isVisible(), false);
      assert.equal(await page.evaluate(isTooWide), false);
      assert.deepEqual(problems, []);
      await page.context().close();
    },
  );
}

test("text and Markdown are copied, and secrets are shown after the PIN", { skip }, async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const { page, problems } = await open("?id=7&token=t0k3n", { permissions });
  const copied = (): Promise<string> => page.evaluate("navigator.clipboard.readText()");
  await page.getByRole("button", { name: "Copy as text" }).click();
  await page.getByText("Copied.").waitFor();
  assert.match(
    await copied(),
    /^GET http:.*token=••••••\n\nError: the page failed\n[\s\S]*Caused by:\nRangeError/,
  );
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await until(page, "navigator.clipboard.readText().then((text) => text.startsWith('# `Error`'))");
  assert.ok(!(await page.content()).includes("t0k3n"));
  await page.getByRole("button", { name: "Show secrets" }).click();
  await page.getByLabel("PIN").fill(PIN);
  await page.getByRole("button", { name: "Unlock", exact: true }).last().click();
  await page.getByText("token=t0k3n").waitFor();
  const href = await page.getByRole("link", { name: "Open in the editor" }).first().getAttribute(
    "href",
  );
  assert.match(href ?? "", /^vscode:\/\/file\/\/.*debug\.test\.ts:\d+:\d+$/);
  assert.deepEqual(problems, []);
  await page.context().close();
});

test("everything can be read without JavaScript", { skip }, async () => {
  const { page, problems } = await open("?id=7", { javaScriptEnabled: false });
  assert.match(await page.locator("mark").first().innerText(), /new Error/);
  assert.equal(await page.locator("button:visible").count(), 0);
  const folded = page.locator(".fold").first();
  await folded.locator("summary").first().click();
  await folded.locator(".frame summary").first().waitFor({ state: "visible" });
  await page.getByText("As Markdown", { exact: true }).click();
  assert.match(await page.locator("#as-markdown").innerText(), /^# `Error`/);
  assert.deepEqual(problems, []);
  await page.context().close();
});

test("the list of errors leads to an error and to the console", { skip }, async () => {
  const { page, problems } = await open("__debug");
  await page.getByRole("link", { name: /Error the page failed/ }).first().click();
  assert.match(await page.locator("h1").innerText(), /the page failed/);
  await page.getByRole("link", { name: "Recent errors" }).click();
  await page.getByRole("link", { name: "Console" }).click();
  await page.locator("textarea").fill("const half = 21; half * 2");
  await page.keyboard.press("Enter");
  await page.getByLabel("PIN").fill(PIN);
  await page.keyboard.press("Enter");
  await page.locator(".v-number", { hasText: "42" }).waitFor();
  assert.deepEqual(problems, []);
  await page.context().close();
});

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the pages when it is ${colorScheme}`, { skip }, async () => {
    // The policy of the page would not let axe in.
    const { page } = await open("?id=7", {
      colorScheme,
      bypassCSP: true,
      viewport: { width: 390, height: 800 },
    });
    const check = async (where: string): Promise<void> => {
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(
        `axe.run({ resultTypes: ["violations"] })`,
      ) as {
        violations: {
          id: string;
          impact: string;
          nodes: { html: string; failureSummary: string }[];
        }[];
        passes: unknown[];
      };
      assert.ok(passes.length > 10);
      const found = violations.map((
        { id, impact, nodes },
      ) => [where, id, impact, nodes[0]?.html, nodes[0]?.failureSummary]);
      assert.deepEqual(found, []);
    };
    await check("locked");
    await page.locator(".live:visible button").first().click();
    await page.getByLabel("PIN").waitFor();
    await check("the dialog");
    await page.getByLabel("PIN").fill(PIN);
    await page.keyboard.press("Enter");
    await page.locator(".key", { hasText: "cause" }).first().waitFor();
    await page.locator("textarea").first().fill("console.log(1), [1, { a: 'b' }]");
    await page.locator("textarea").first().press("Enter");
    await page.locator(".out .v-array").first().waitFor();
    for (const what of [".fold", ".more", ".frame:not([open])", ".plain details"]) {
      await page.locator(`${what} > summary`).first().click();
    }
    await check("unlocked");
    for (const path of ["__debug", "__debug/console", `__debug/${crypto.randomUUID()}`]) {
      await page.goto(server.url + path);
      await check(path);
    }
    await page.context().close();
  });
}
