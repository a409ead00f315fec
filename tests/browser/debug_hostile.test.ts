/** Pages of other sites cannot use an unlocked debugger in the same browser. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext } from "playwright-core";
import { debug } from "handwerk/debug";
import { type RunningServer, serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";

const PIN = "246-813-579";
/** What the debugger was asked by others, and how it answered. */
const asked: string[] = [];
let victim: RunningServer;
let evil: RunningServer;
let browser: Browser | undefined;
let context: BrowserContext;
/** What an attacker could have found out at worst. */
let known: { token: string; error: string; frame: number };

before(async () => {
  const app = debug({ enabled: true, live: true, pin: PIN, console: true, log: () => {} })(() => {
    const secret = "s3cr3t";
    throw new Error(`with the ${secret}`);
  });
  victim = await serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const response = await app(request);
      const site = request.headers.get("sec-fetch-site");
      const { pathname } = new URL(request.url);
      // The page itself, opened in a window, asks too; nobody else reads what it shows.
      if (site !== "same-origin") asked.push(`${request.method} ${pathname} ${response.status}`);
      return response;
    },
  });
  evil = await serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response("<!DOCTYPE html><title>evil</title><body>", {
        headers: { "content-type": "text/html" },
      }),
  });
  browser = await launch("--host-resolver-rules=MAP rebind.example 127.0.0.1");
  if (!browser) return;
  context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://localhost:${victim.port}/`);
  await page.locator(".live:visible button").click();
  await page.getByLabel("PIN").fill(PIN);
  await page.keyboard.press("Enter");
  await page.locator(".key", { hasText: "secret" }).waitFor();
  known = await page.evaluate(`({
    token: document.body.dataset.token,
    error: document.body.dataset.error,
    frame: Number(document.querySelector(".live").dataset.frame),
  })`);
  assert.match(known.token, /^[0-9a-f-]{36}$/);
});
after(async () => {
  await browser?.close();
  await victim.close(true);
  await evil.close(true);
});

/** Everything that a page can do to another origin; each result is what came of it. */
const attack = (target: string, question: unknown, token: string): string =>
  `(async () => {
  const target = ${JSON.stringify(target)}, token = ${JSON.stringify(token)};
  const body = ${JSON.stringify(JSON.stringify(question))};
  const results = {};
  const attempt = async (name, work) => {
    try { results[name] = String(await work()); } catch (error) { results[name] = "refused"; }
  };
  const text = async (path, init) => {
    const response = await fetch(target + path, {credentials: "include", ...init});
    return response.type + " " + response.status + " " + await response.text();
  };
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  /* What can be read of a window, as soon as it has left the blank page; "refused" for nothing. */
  const reads = async (opened) => {
    for (let i = 0; i < 200; i++) {
      await wait(50);
      try {
        if (opened.closed) return "refused";
        const text = opened.document.body.textContent;
        if (text !== "") return text;
      } catch {
        return "refused";
      }
    }
    return "blank";
  };
  const loads = (element, url) => new Promise((resolve) => {
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("refused");
    element.src = url;
    document.body.append(element);
  });
  for (const path of ["/", "/__debug"]) {
    await attempt("read " + path, () => text(path));
    await attempt("read without cors " + path, () => text(path, {mode: "no-cors"}));
    await attempt("script " + path, () => loads(document.createElement("script"), target + path));
    await attempt("frame " + path, async () => {
      const frame = document.createElement("iframe");
      void loads(frame, target + path);
      return await reads(frame.contentWindow);
    });
    await attempt("window " + path, async () => {
      return await reads(open(target + path));
    });
  }
  const headers = {"content-type": "application/json", "x-debug-token": token};
  for (const command of ["evaluate", "locals", "request", "unlock"]) {
    const path = "/__debug/" + command;
    await attempt("command " + command, () => text(path, {method: "POST", headers, body}));
    await attempt("simple command " + command, () => text(path, {method: "POST", mode: "no-cors", body}));
    await attempt("form " + command, async () => {
      const frame = document.createElement("iframe");
      frame.name = "sink " + command;
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, {method: "POST", enctype: "text/plain", action: target + path, target: frame.name});
      const input = document.createElement("input");
      Object.assign(input, {name: body.slice(0, -1) + ',"x":"', value: '"}'});
      form.append(input);
      document.body.append(form);
      form.submit();
      return await reads(frame.contentWindow);
    });
    await attempt("beacon " + command, () => {
      navigator.sendBeacon(target + path, new Blob([body], {type: "text/plain"}));
      return "sent";
    });
  }
  await wait(300);
  return results;
})()`;

for (
  const [what, host] of [
    ["another site", "127.0.0.1"],
    ["another port of the same host", "localhost"],
    ["a name below the same host", "evil.localhost"],
  ] as const
) {
  test(`a page of ${what} gets nothing from a debugger that is unlocked`, { skip }, async () => {
    const page = await context.newPage();
    await page.goto(`http://${host}:${evil.port}/`);
    asked.length = 0;
    const question = { ...known, pin: PIN, source: "globalThis.stolen = 1" };
    const target = `http://localhost:${victim.port}`;
    const results = await page.evaluate(attack(target, question, known.token)) as Record<
      string,
      string
    >;
    assert.ok(Object.keys(results).length === 26, JSON.stringify(results));
    for (const [name, result] of Object.entries(results)) {
      assert.doesNotMatch(result, /s3cr3t|token|basic|cors 200/, name);
      assert.match(result, /^(?:refused|opaque 0 |sent)$/, name);
    }
    // The requests did arrive: it is the debugger that refused them.
    const commands = asked.filter((line) => line.startsWith("POST /__debug"));
    assert.ok(commands.length >= 12, asked.join("\n"));
    for (const line of commands) assert.match(line, / (?:403|415)$/);
    assert.equal(Reflect.get(globalThis, "stolen"), undefined);
    await page.close();
  });
}

test(
  "a name that was made to point here gets nothing, although it is its own origin",
  { skip },
  async () => {
    const page = await context.newPage();
    const target = `http://rebind.example:${victim.port}`;
    const response = await page.goto(`${target}/`);
    assert.deepEqual([response?.status(), await response?.text()], [500, "Internal Server Error"]);
    const texts = await page.evaluate(`(async () => {
    const answers = [];
    for (const path of ["/", "/__debug", "/__debug/console", "/__debug/${known.error}"]) {
      answers.push(await (await fetch(path)).text());
    }
    for (const command of ["evaluate", "locals", "request", "unlock"]) {
      const response = await fetch("/__debug/" + command, {
        method: "POST",
        headers: {"content-type": "application/json", "x-debug-token": "${known.token}"},
        body: ${
      JSON.stringify(JSON.stringify({ ...known, pin: PIN, source: "globalThis.stolen = 1" }))
    },
      });
      answers.push(response.status + " " + await response.text());
    }
    return answers;
  })()`) as string[];
    const none = `{"reason":"Forbidden: the request came from another origin."}`;
    assert.deepEqual(texts, [
      "Internal Server Error",
      none,
      none,
      none,
      ...Array.from({ length: 4 }, () => `400 ${none}`),
    ]);
    assert.equal(Reflect.get(globalThis, "stolen"), undefined);
    await page.close();
  },
);

test("the page that is unlocked still works, so the attacks were of use", { skip }, async () => {
  const page = await context.newPage();
  await page.goto(`http://localhost:${victim.port}/__debug/${known.error}`);
  await page.locator("textarea").fill("globalThis.stolen = secret");
  await page.keyboard.press("Enter");
  await page.locator(".out .v-string").waitFor();
  assert.equal(Reflect.get(globalThis, "stolen"), "s3cr3t");
  Reflect.deleteProperty(globalThis, "stolen");
});
