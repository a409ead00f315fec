import assert from "node:assert/strict";
import { test } from "node:test";
import { compose, type Middleware, notFound } from "../src/handler.ts";

const tag = (name: string): Middleware => (inner) => async (request, ...args) => {
  const response = await inner(request, ...args);
  return new Response(`${name}(${await response.text()})`);
};

test("compose() puts the first middleware outermost", async () => {
  const app = compose(tag("a"), tag("b"))(() => new Response("h"));
  assert.equal(await (await app(new Request("http://x/"))).text(), "a(b(h))");
});

test("compose() of nothing is the handler itself", () => {
  assert.equal(compose()(notFound), notFound);
});

test("compose() refuses what is not a function", () => {
  assert.throws(() => compose(undefined as unknown as Middleware), TypeError);
});

test("notFound answers 404 as text, and HEAD without content", async () => {
  const get = notFound(new Request("http://x/"));
  assert.equal(get.status, 404);
  assert.equal(get.headers.get("content-type"), "text/plain;charset=utf-8");
  assert.equal(await get.text(), "Not Found");
  assert.equal(await notFound(new Request("http://x/", { method: "HEAD" })).text(), "");
});
