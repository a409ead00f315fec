/** As tests/options.test.ts, for what only Node has, and what needs a file system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { directory, notFound, serveStatic } from "handwerk";
import { listener, serve, upgradeListener } from "handwerk/node";
import { packageData } from "handwerk/static";
import * as takes from "../support/wrong_values.ts";

const { testOptions } = takes;

testOptions("directory", (o) => directory("./src", o), {
  symlinks: takes.nothing,
  memoryCache: takes.either(takes.oneOf(false), takes.emptyObject),
});
for (
  const build of [
    (memoryCache: Record<string, never>) => directory("./src", { memoryCache }),
    (memoryCache: Record<string, never>) => serveStatic("./src", { memoryCache }),
  ]
) {
  const owner = /^(\w+)/.exec(messageOf(() => build({ bytes: -1 as never })))?.[1] ?? "";
  testOptions(`${owner}: memoryCache`, build, {
    bytes: takes.number(0, Infinity),
    revalidate: takes.number(0, Infinity),
  });
}
testOptions("listener", (o) => listener(notFound, o), { onError: takes.callback });
testOptions("listener", (o) => upgradeListener(notFound, o), { onError: takes.callback });

function messageOf(build: () => unknown): string {
  try {
    build();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

// What a server would listen with is refused before it does.
const refused: Readonly<Record<string, takes.Takes>> = {
  fetch: takes.callback,
  port: takes.whole(0),
  hostname: takes.text,
  tls: takes.nothing,
  http2: takes.flag,
  timeouts: takes.emptyObject,
  onError: takes.callback,
};
for (const [name, taken] of Object.entries(refused)) {
  test(`serve: ${name} takes no wrong value`, async () => {
    for (const value of takes.VALUES.filter((value) => !taken(value))) {
      const given = { fetch: notFound, port: 0, [name]: value };
      await assert.rejects(serve(given), (error: unknown) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, new RegExp(`^serve: ${name}\\b.*; give .`));
        return true;
      });
    }
  });
}

test("serve and close take no wrong argument", async () => {
  for (const value of takes.VALUES) {
    await assert.rejects(serve(value as never), {
      name: "TypeError",
      message: /^serve: .*; give ./,
    });
  }
  await assert.rejects(serve({ fetch: serveStatic("./src") as never }), {
    name: "TypeError",
    message: "serve: fetch is a middleware; give it a handler to wrap: middleware(notFound)",
  });
  await assert.rejects(serve({ handler: notFound } as never), {
    name: "TypeError",
    message: 'serve: unknown option "handler"; did you mean "fetch"?',
  });
  const server = await serve({ fetch: notFound, port: 0, hostname: "127.0.0.1" });
  const right = takes.either(takes.flag, takes.emptyObject);
  for (const value of takes.VALUES.filter((value) => !right(value))) {
    await assert.rejects(server.close(value as never), {
      name: "TypeError",
      message: /^close: .*; give ./,
    });
  }
  for (const value of takes.VALUES.filter((value) => !takes.number(0, Infinity)(value))) {
    const closing = server.close({ timeout: value as never });
    await assert.rejects(closing, { name: "TypeError", message: /^close: timeout is .*; give ./ });
  }
  await server.close(true);
});

test("serve takes an app with a fetch of its own", async () => {
  const app = { text: "app", fetch: (): Response => new Response(app.text) };
  const server = await serve({ fetch: app as never, port: 0, hostname: "127.0.0.1" });
  assert.equal(await (await fetch(server.url)).text(), "app");
  await server.close(true);
});

test("listener and packageData take no wrong argument", () => {
  for (const value of takes.VALUES.filter((value) => !takes.callback(value))) {
    for (const make of [listener, upgradeListener]) {
      assert.throws(() => make(value as never), /^TypeError: listener: fetch is .*; give ./);
    }
    assert.throws(() => packageData(value as never), /^TypeError: packageData: .*; (?:give|run) ./);
    assert.throws(() => packageData("mime", value as never), /^TypeError: packageData: .*; \w/);
  }
});
