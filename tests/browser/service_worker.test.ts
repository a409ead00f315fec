/** Mounted handlers in a service worker of a real browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";
import { bundle } from "../support/bundle.ts";

const WORKER = `
import { dispatch, mountOf } from "handwerk";
const page = (request) => {
  const { base, path } = mountOf(request);
  const seen = [base, path, new URL(request.url).pathname, request.method, request.credentials];
  return new Response(seen.join(" "), { headers: { "content-type": "text/plain" } });
};
const app = dispatch({ "/app": dispatch({ "/inner": page })(page) })((request) => fetch(request));
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => event.respondWith(app(event.request)));
`;
const PAGE = `<!doctype html><title>outside</title><script>
  navigator.serviceWorker.register("/worker.js");
  navigator.serviceWorker.ready.then(() => document.title = "ready");
</script><form method="post" action="/app/form"><input name="a" value="b"><button>go</button></form>`;

test("service worker: a mounted handler answers navigations", { skip }, async () => {
  const { text } = await bundle({ text: WORKER });
  const fetch = (request: Request): Response =>
    new URL(request.url).pathname === "/worker.js"
      ? new Response(text, { headers: { "content-type": "text/javascript" } })
      : new Response(PAGE, { headers: { "content-type": "text/html" } });
  const server = await serve({ fetch, port: 0, hostname: "127.0.0.1" });
  const browser = await launch();
  try {
    const page = await browser?.newPage();
    assert.ok(page);
    const url = server.url.replace(/\/$/, "");
    const body = async (): Promise<string | null> => await page.textContent("body");
    await page.goto(url);
    await page.waitForFunction(() => document.title === "ready");
    await page.goto(`${url}/app/x?q`);
    assert.equal(await body(), "/app /x /x GET include");
    await page.goto(`${url}/app/inner/y`);
    assert.equal(await body(), "/app/inner /y /y GET include");
    await page.goto(url);
    await page.click("button");
    await page.waitForURL(`${url}/app/form`);
    assert.equal(await body(), "/app /form /form POST include");
  } finally {
    await browser?.close();
    await server.close(true);
  }
});
