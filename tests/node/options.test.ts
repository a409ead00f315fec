/** An option that is misspelt is refused, and every one that there is, is known. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { directory, dispatch, notFound, proxy, proxyTo, serveStatic } from "handwerk";
import { debug } from "handwerk/debug";
import { listener, serve } from "handwerk/node";
import { inspect } from "handwerk/proxy";
import { remote } from "handwerk/static";
import {
  activeHealth,
  concurrency,
  mirrorTo,
  passiveHealth,
  retries,
  slowStart,
  stickyCookie,
} from "handwerk/upstreams";

type Build = (options: Record<string, unknown>) => unknown;
const up = "http://up/";
const proxyOptions = ["ProxyOptions"] as const;
const targetOptions = ["TargetOptions"] as const;

// [the owner, the interfaces of its options, a call with options]
const owners: readonly (readonly [string, readonly string[], Build])[] = [
  ["dispatch", ["DispatchOptions"], (o) => dispatch({}, o)],
  ["serveStatic", ["ServeStaticOptions"], (o) => serveStatic({}, o)],
  [
    "directory",
    ["DirectoryOptions"],
    (o) => directory("./src", o),
  ],
  [
    "directory: memoryCache",
    ["MemoryCacheOptions"],
    (memoryCache) => directory("./src", { memoryCache }),
  ],
  ["remote", ["RemoteOptions"], (o) => remote(up, o)],
  ["proxy", proxyOptions, (o) => proxy({}, o)],
  ["proxy", proxyOptions, (o) => proxyTo(up, o)],
  ["proxy", proxyOptions, (o) => inspect(up, o)],
  [
    "proxy: timeout",
    ["Timeouts"],
    (timeout) => proxy({}, { timeout }),
  ],
  ['proxy: the target of "/"', targetOptions, (o) => proxy({ "/": { target: up, ...o } })],
  ["proxy: the target", targetOptions, (o) => proxyTo({ target: up, ...o })],
  [
    "proxy: the mirror of the target",
    targetOptions,
    (o) => proxyTo({ target: up, mirror: mirrorTo({ target: up, ...o }) }),
  ],
  [
    "proxy: the target: tls",
    ["TlsOptions"],
    (tls) => proxyTo({ target: up, tls }),
  ],
  [
    "proxy: the target",
    ["WeightedUrl"],
    (o) => proxyTo([{ url: up, ...o }]),
  ],
  ["retries", ["RetriesOptions"], retries],
  ["passiveHealth", ["PassiveHealthOptions"], passiveHealth],
  [
    "activeHealth",
    ["ActiveHealthOptions"],
    (o) => activeHealth({ path: "/health", ...o }),
  ],
  [
    "concurrency",
    ["ConcurrencyOptions"],
    (o) => concurrency(1, o),
  ],
  [
    "slowStart",
    ["SlowStartOptions"],
    (o) => slowStart(passiveHealth(), o),
  ],
  ["mirrorTo", ["MirrorOptions"], (o) => mirrorTo(up, o)],
  [
    "stickyCookie",
    ["StickyCookieOptions"],
    (o) => stickyCookie("upstream", o),
  ],
  ["listener", ["ListenerOptions"], (o) => listener(notFound, o)],
  ["debug", ["DebugOptions"], (o) => debug(o)],
];

const sources = globSync("src/**/*.ts").map((file) => readFileSync(file, "utf8"));

/** The names of the members of interfaces, which have different names throughout the tree. */
function membersOf(declared: readonly string[]): string[] {
  return declared.flatMap((name) => {
    const declaration = new RegExp(`interface ${name}\\b[^{]* \\{\n([\\s\\S]*?)\n\\}`);
    const members = sources.map((text) => declaration.exec(text)?.[1]).find(Boolean) ?? "";
    const found = [...members.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = ""]) =>
      member
    );
    assert.ok(found.length > 0, name);
    return found;
  });
}

for (const [owner, declared, build] of owners) {
  const names = membersOf(declared);
  test(`${owner} rejects an unknown option, and names ${names.join(", ") || "its"}`, () => {
    assert.throws(() => build({ xyzzy: undefined }), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      const begin = `${owner}: unknown option "xyzzy"; the options are `;
      assert.ok(error.message.startsWith(begin), error.message);
      const list = error.message.slice(begin.length);
      if (names.length > 0) assert.deepEqual(list.split(", ").toSorted(), names.toSorted());
      return true;
    });
    for (const name of names) {
      try {
        build({ [name]: undefined });
      } catch (error) {
        assert.doesNotMatch(String(error), /unknown option/);
      }
    }
  });
}

test("serve rejects an unknown option, and names its own", async () => {
  const names = membersOf(["ListenerOptions", "ServeOptions"]);
  const options = { fetch: notFound, port: 0, xyzzy: "127.0.0.1" };
  await assert.rejects(serve(options), (error: unknown) => {
    const [, list = ""] =
      /^TypeError: serve: unknown option "xyzzy"; the options are (.*)$/.exec(String(error)) ?? [];
    assert.deepEqual(list.split(", ").toSorted(), names.toSorted());
    return true;
  });
});
