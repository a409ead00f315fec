/** What the project promises about itself: its floors, its exports, its size, its manifests. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { FORWARDING } from "../../src/http/forwarded.ts";
import { bundle } from "../support/bundle.ts";

const read = (path: string): string => readFileSync(path, "utf8");
const json = (path: string): Record<string, unknown> =>
  JSON.parse(read(path)) as Record<string, unknown>;
const sources = globSync("src/**/*.ts").toSorted();

/** Every import and re-export of a file: what from, and whether of types alone. */
function importsOf(file: string): { from: string; types: boolean }[] {
  const statements = read(file).replaceAll(/^ *(?:\*|\/\/).*$/gm, "")
    .matchAll(/^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)";/gm);
  return [...statements].map(([text, from = ""]) => ({
    types: /^(?:import|export) type /.test(text),
    from: from.startsWith(".") ? normalize(join(dirname(file), from)) : from,
  }));
}

/** The rooms of each floor, from the ground up. A file may use its own room and lower floors. */
const floors: readonly (readonly string[])[] = [
  ["src/config.ts", "src/runtime.ts"],
  ["src/http/"],
  ["src/host/"],
  ["src/handler.ts"],
  ["src/mount.ts"],
  ["src/transport/"],
  ["src/platform/"],
  ["src/dispatch.ts", "src/static/", "src/proxy/", "src/debug/", "src/easter_egg.ts"],
  ["src/mod.ts", "src/bun.ts", "src/workers.ts", "src/node/", "src/node.ts"],
];
const roomOf = (file: string): string =>
  floors.flat().find((room) => file === room || (room.endsWith("/") && file.startsWith(room))) ??
    "";
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)));
test("every file has a room, and imports from its own or from floors below", () => {
  for (const file of sources) {
    assert.notEqual(roomOf(file), "", `${file} is in no room`);
    for (const { from } of importsOf(file)) {
      if (!from.startsWith("src/")) continue;
      const allowed = roomOf(from) === roomOf(file) || floorOf(from) < floorOf(file) ||
        (file === "src/node.ts" && roomOf(from) === "src/node/");
      assert.ok(allowed, `${file} must not import ${from}`);
    }
  }
});

test("no file imports itself through others, types included", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), [...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    for (const { from } of importsOf(file)) {
      if (from.startsWith("src/")) visit(from, [...path, file]);
    }
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});

test("no two files have the same name, and no two files export the same name", () => {
  const files = new Map<string, string>();
  const exported = new Map<string, string>();
  for (const file of sources) {
    const name = basename(file);
    if (name !== "mod.ts" && name !== "types.ts") {
      assert.equal(files.get(name), undefined, file);
      files.set(name, file);
    }
    // A module for bundles has the names of the one it replaces.
    if (file.endsWith(".edge.ts")) continue;
    const declarations = read(file).matchAll(
      /^export (?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    );
    for (const name of new Set([...declarations].map(([, name = ""]) => name))) {
      assert.equal(exported.get(name), undefined, `${name} in ${file}`);
      exported.set(name, file);
    }
  }
});

test("http/ is pure: functions over values, without Fetch objects, state, clocks or globals", () => {
  const impure =
    /\b(?:Request|Response|Headers|ReadableStream|WritableStream|TransformStream|Blob|WeakMap|WeakSet|WeakRef|sideTable|globalThis|console|crypto|setTimeout|performance|Date\.now|Math\.random|async|await|let \w+;)\b/;
  for (const file of sources.filter((file) => file.startsWith("src/http/"))) {
    const code = read(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replaceAll(
      /"[^"\n]*"/g,
      '""',
    );
    assert.doesNotMatch(code, impure, file);
  }
});

test("no module of Node is imported, types aside: an import of node:http loads all of fetch", () => {
  const packages = new Map([
    ["src/static/media_type.ts", ["mime/lite", "mime/types/other.js", "mime/types/standard.js"]],
    ["src/static/globs.ts", ["picomatch/posix.js"]],
  ]);
  for (const file of sources) {
    const values = importsOf(file).filter(({ from, types }) => !types && !from.startsWith("src/"));
    assert.deepEqual(values.map(({ from }) => from), packages.get(file) ?? [], file);
  }
});

test("the runtime is looked at in one file, and told apart in the adapters", () => {
  const codeOf = (file: string): string => read(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const naming = (pattern: RegExp): string[] =>
    sources.filter((file) => pattern.test(codeOf(file)));
  assert.deepEqual(naming(/\b(?:Deno|Bun|WebSocketPair|EdgeRuntime)\b(?! )|navigator\.userAgent/), [
    "src/platform/current.ts",
    "src/platform/deno_adapter.ts",
    "src/runtime.ts",
  ]);
  assert.deepEqual(naming(/\bruntimeName\(/), [
    "src/debug/live/live_frames.ts", // its frames need the debugger of Node
    "src/platform/current.edge.ts",
    "src/platform/current.ts",
    "src/platform/environment.ts",
    "src/platform/workers_adapter.ts",
    "src/runtime.ts",
  ]);
  const forNode = /^src\/(?:node|node\/.*|runtime|platform\/environment)(?:\.ts)?$/;
  const process = naming(/\bprocess\b[.?[]/).filter((file) => !forNode.test(file));
  assert.deepEqual(process, []);
});

test("Node's modules are asked for in one place", () => {
  const asking = sources.filter((file) => read(file).includes("getBuiltinModule"));
  assert.deepEqual(asking, ["src/runtime.ts"]);
});

test("files are small", () => {
  for (const file of sources) assert.ok(read(file).split("\n").length <= 301, file);
});

const policies = [
  "activeHealth",
  "capacity",
  "concurrency",
  "first",
  "hashBy",
  "leastConnections",
  "mirrorTo",
  "passiveHealth",
  "randomTwo",
  "retries",
  "roundRobin",
  "slowStart",
  "stickyCookie",
  "upstreamList",
];
const sourcesAndHooks = [
  "dictionaries",
  "directory",
  "memory",
  "overlay",
  "packageData",
  "preload",
  "remote",
  "reprDigest",
  "serveStatic",
];
/** Every entry, and what it exports. */
const entries: Readonly<Record<string, readonly string[]>> = {
  "handwerk": [
    "compose",
    "directory",
    "dispatch",
    "easterEgg",
    "memory",
    "middleware",
    "mountOf",
    "notFound",
    "overlay",
    "proxy",
    "proxyTo",
    "serveStatic",
  ],
  "handwerk/static": sourcesAndHooks,
  "handwerk/proxy": ["inspect", "proxy", "proxyTo"],
  "handwerk/upstreams": policies,
  "handwerk/workers": ["assets", "bucket", "keyValue"],
  "handwerk/bun": ["bunWebSocket"],
  "handwerk/debug": ["debug"],
  "handwerk/node": ["earlyHints", "listener", "serve", "upgradeListener"],
};

test("the entries are these", () => {
  const { exports } = json("package.json") as { readonly exports: object };
  const paths = Object.keys(entries).map((entry) => entry.replace("handwerk", "."));
  assert.deepEqual(Object.keys(exports), [...paths, "./package.json"]);
});

for (const [entry, names] of Object.entries(entries)) {
  test(`the exports of ${entry} are these`, async () => {
    assert.deepEqual(Object.keys(await import(entry) as object).toSorted(), names);
  });
}

test("the manifests for npm and JSR say the same", () => {
  const [npm, deno, jsr] = [json("package.json"), json("deno.json"), json("jsr.json")];
  for (const key of ["name", "version", "license", "exports", "publish"]) {
    assert.deepEqual(jsr[key], deno[key], key);
  }
  assert.deepEqual([deno["version"], deno["license"]], [npm["version"], npm["license"]]);
  const entries = Object.entries(npm["exports"] as Record<string, unknown>)
    .filter(([name]) => name !== "./package.json")
    .map(([name, entry]) => {
      const { types, default: code } = entry as Record<string, string>;
      const file = `./dist/${name.slice("./".length) || "mod"}`;
      assert.deepEqual([types, code], [`${file}.d.ts`, `${file}.js`]);
      return name;
    });
  assert.deepEqual(entries, Object.keys(deno["exports"] as object));
});

test("importing does nothing", async () => {
  const before = Reflect.ownKeys(globalThis);
  await import("handwerk");
  assert.deepEqual(Reflect.ownKeys(globalThis), before);
});

test("an import loads neither the fetch of Node nor its HTTP/2", () => {
  const code = `
    import "handwerk";
    import "handwerk/node";
    console.log(process.moduleLoadList.filter((name) => /undici|http2/.test(name)).join());`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(stdout, "\n", stderr);
});

test("undici is loaded by the first request that a proxy sends, not on import", () => {
  const code = `
    import { createRequire } from "node:module";
    import { createServer } from "node:http";
    import { proxy, notFound } from "handwerk";
    import "handwerk/node";
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).some((path) => /undici.lib/.test(path));
    const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1", async () => {
      const app = proxy("http://127.0.0.1:" + server.address().port)(notFound);
      const before = loaded();
      await app(new Request("http://localhost/"));
      console.log(before, loaded());
      process.exit();
    });`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(stdout, "false true\n", stderr);
});

// What a Workers bundle weighs, in bytes after gzip: [what is imported, the most it may be].
const everything = "compose, dispatch, serveStatic, proxy, notFound, mountOf, directory";
const sizes: readonly (readonly [string, readonly string[], number])[] = [
  ["compose, dispatch", [], 3300],
  ["proxy", [], 23_000],
  ["serveStatic", ["mime/*", "picomatch/*"], 23_300],
  [everything, [], 64_000],
];
test("a bundle for Workers leaves out what only other runtimes have", async () => {
  const swaps = Object.entries(json("package.json")["browser"] as Record<string, string>);
  for (const [from, to] of swaps) {
    const [here, edge] = await Promise.all(
      [from, to].map((path) => import(`../../${path}`) as Promise<object>),
    );
    assert.deepEqual(Object.keys(edge ?? {}), Object.keys(here ?? {}), to);
  }
  const { text } = await bundle({ text: `export { proxy } from "handwerk";` });
  assert.doesNotMatch(text, /createHttpClient|upgradeWebSocket|undici/);
});
test("a bundle for Workers refuses to be a proxy on Node, whose fetch decodes", async () => {
  const { text } = await bundle({ text: `export { proxy } from "handwerk";` });
  const url = `data:text/javascript,${encodeURIComponent(text)}`;
  const { proxy } = await import(url) as typeof import("handwerk");
  assert.throws(() => proxy({ "/": "http://127.0.0.1:9/" }), /platform "node"/);
});
test("the debugger is in a bundle only if it is asked for, and then it is small", async (t) => {
  const { text } = await bundle({ text: `export * from "handwerk";` });
  assert.doesNotMatch(text, /__debug/);
  const own = await bundle({ text: `export { debug } from "handwerk/debug";` });
  t.diagnostic(`${own.gzip} bytes`);
  assert.match(own.text, /__debug/);
  assert.ok(own.gzip <= 32_000, `${own.gzip} bytes`);
  assert.deepEqual(own.externals, []);
});
for (const [names, external, most] of sizes) {
  test(`{ ${names} } bundles for Workers in ${most} bytes, without Node's modules`, async (t) => {
    const text = `export { ${names} } from "handwerk";`;
    const { gzip, externals, text: code } = await bundle({ text }, external);
    t.diagnostic(`${gzip} bytes`);
    assert.ok(gzip <= most, `${gzip} bytes`);
    assert.deepEqual(externals.filter((name) => name.startsWith("node:")), []);
    assert.doesNotMatch(code, /(?:from|require\(|import\() ?["']node:/);
  });
}

test("the manual has every header that a client must not send, and no other", () => {
  const [, list = ""] = /\n```text\n(forwarded [^`]*)```/.exec(read("src/proxy/README.md")) ?? [];
  assert.deepEqual(list.trim().split(/\s+/), FORWARDING);
});
