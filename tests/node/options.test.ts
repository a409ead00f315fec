/** An option that is misspelt is refused, and every one that there is, is known. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
  randomTwo,
  retries,
  slowStart,
  stickyCookie,
} from "handwerk/upstreams";

type Build = (options: Record<string, unknown>) => unknown;
const up = "http://up/";
const proxyOptions = ["proxy/proxy_options.ts", "ProxyOptions"] as const;
const targetOptions = [
  "proxy/target.ts",
  "TargetOptions",
  "proxy/connection_options.ts",
  "ConnectionOptions",
  "proxy/upstreams/pool_options.ts",
  "PoolOptions",
] as const;

// [what the options are of, where they are declared, what is built with them]
const owners: readonly (readonly [string, readonly string[], Build])[] = [
  ["dispatch", ["dispatch.ts", "DispatchOptions"], (o) => dispatch({}, o)],
  ["serveStatic", ["static/static_options.ts", "ServeStaticOptions"], (o) => serveStatic({}, o)],
  [
    "directory",
    ["static/sources/directory.ts", "DirectoryOptions"],
    (o) => directory("./src", o),
  ],
  [
    "directory: memoryCache",
    ["static/sources/file_cache.ts", "MemoryCacheOptions"],
    (memoryCache) => directory("./src", { memoryCache }),
  ],
  ["remote", ["static/sources/remote.ts", "RemoteOptions"], (o) => remote(up, o)],
  ["proxy", proxyOptions, (o) => proxy({}, o)],
  ["proxy", proxyOptions, (o) => proxyTo(up, o)],
  ["proxy", proxyOptions, (o) => inspect(up, o)],
  [
    "proxy: timeouts",
    ["proxy/proxy_options.ts", "Timeouts"],
    (timeouts) => proxy({}, { timeouts }),
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
    ["transport/transport.ts", "TlsOptions"],
    (tls) => proxyTo({ target: up, tls }),
  ],
  [
    "proxy: the target",
    ["proxy/upstream.ts", "WeightedUrl"],
    (o) => proxyTo([{ url: up, ...o }]),
  ],
  ["retries", ["proxy/upstreams/retries.ts", "RetriesOptions"], retries],
  ["passiveHealth", ["proxy/upstreams/passive_health.ts", "PassiveHealthOptions"], passiveHealth],
  [
    "activeHealth",
    ["proxy/upstreams/active_health.ts", "ActiveHealthOptions"],
    (o) => activeHealth({ path: "/health", ...o }),
  ],
  [
    "concurrency",
    ["proxy/upstreams/concurrency.ts", "ConcurrencyOptions"],
    (o) => concurrency(1, o),
  ],
  [
    "slowStart",
    ["proxy/upstreams/slow_start.ts", "SlowStartOptions"],
    (o) => slowStart(passiveHealth(), o),
  ],
  ["mirrorTo", ["proxy/upstreams/mirror.ts", "MirrorOptions"], (o) => mirrorTo(up, o)],
  ["randomTwo", [], randomTwo],
  [
    "stickyCookie",
    ["proxy/upstreams/sticky.ts", "StickyCookieOptions"],
    (o) => stickyCookie("upstream", o),
  ],
  ["listener", ["node/serve_options.ts", "ListenerOptions"], (o) => listener(notFound, o)],
  ["debug", ["debug/debug_options.ts", "DebugOptions"], (o) => debug(o)],
];

/** The names of the members of interfaces. */
function membersOf(declared: readonly string[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < declared.length; i += 2) {
    const text = readFileSync(`src/${declared[i]}`, "utf8");
    const [, members = ""] = new RegExp(
      `interface ${declared[i + 1]}\\b[^{]* \\{\n([\\s\\S]*?)\n\\}`,
    ).exec(text) ?? [];
    const found = [...members.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = ""]) => name);
    assert.ok(found.length > 0, declared[i + 1]);
    names.push(...found);
  }
  return names;
}

for (const [owner, declared, build] of owners) {
  const names = membersOf(declared);
  test(`${owner} refuses an option that is none, and tells of ${names.join(", ") || "its"}`, () => {
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

test("serve refuses an option that is none, and knows those that there are", async () => {
  const names = membersOf([
    "node/serve_options.ts",
    "ListenerOptions",
    "node/serve_options.ts",
    "ServeOptions",
  ]);
  const options = { fetch: notFound, port: 0, xyzzy: "127.0.0.1" };
  await assert.rejects(serve(options), (error: unknown) => {
    const [, list = ""] =
      /^TypeError: serve: unknown option "xyzzy"; the options are (.*)$/.exec(String(error)) ?? [];
    assert.deepEqual(list.split(", ").toSorted(), names.toSorted());
    return true;
  });
});
