import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, easterEgg, mountOf, notFound } from "handwerk";

const word = "masterpiece";
const inner = (request: Request, ...args: readonly unknown[]): Response =>
  new Response(`${request.url} ${mountOf(request).base} ${args.join()}`);
const app = easterEgg()(inner);

test("a page answers the magic query on any URL", async () => {
  for (const path of ["/", "/any/where", "/a%20b"]) {
    const response = await app(new Request(`http://host${path}?${word}`));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    const [, nonce = ""] = /^default-src 'none'; style-src 'nonce-([0-9a-f-]{36})';/.exec(
      response.headers.get("content-security-policy") ?? "",
    ) ?? [];
    const text = await response.text();
    assert.ok(
      text.includes(`<style nonce="${nonce}">`) && text.includes("<title>handwerk</title>"),
    );
    const [, picture = ""] = /<pre[^>]*>([^<]*)<\/pre>/.exec(text) ?? [];
    assert.ok(picture.split("\n").length > 20 && picture.includes("request"));
  }
  const head = await app(new Request(`http://host/?${word}`, { method: "HEAD" }));
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

test("everything else passes through as it is", async () => {
  for (
    const query of [
      "",
      "?",
      `?${word}=`,
      `?${word}&a=1`,
      `?a=1&${word}`,
      `?${word.toUpperCase()}`,
      `?%6d${word.slice(1)}`,
      `?${word}?`,
    ]
  ) {
    const response = await easterEgg()(inner)(new Request(`http://host/x${query}`), "env", 7);
    assert.equal(await response.text(), `http://host/x${query}  env,7`);
    assert.equal(response.headers.get("x-powered-by"), null);
  }
  const path = await app(new Request(`http://host/${word}`));
  assert.equal(await path.text(), `http://host/${word}  `);
});

test("below a mount it is transparent", async () => {
  const mounted = dispatch({ "/m": easterEgg()(dispatch({ "/n": inner })(notFound)) })(notFound);
  const response = await mounted(new Request("http://host/m/n/x?a"));
  assert.equal(await response.text(), "http://host/x?a /m/n ");
});
