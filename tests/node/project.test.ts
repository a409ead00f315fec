/** What the project promises about itself: its floors, its exports, its size, its manifests. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
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
  ["src/config.ts", "src/callbacks.ts", "src/runtime.ts"],
  ["src/http/"],
  ["src/host/"],
  ["src/handler.ts"],
  ["src/mount.ts"],
  ["src/transport/"],
  ["src/platform/"],
  ["src/dispatch.ts", "src/static/", "src/proxy/", "src/debug/", "src/easter_egg.ts"],
  ["src/mod.ts", "src/node/", "src/node.ts"],
];
const roomOf = (file: string): string =>
  floors.flat().find((room) => file === room || (room.endsWith("/") && file.startsWith(room))) ??
    "";
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)));
/** Imports that are to go: what is wrong with the layout today. */
const WRONG = new Set([
  "src/http/trailer_fields.ts src/host/make_response.ts",
  "src/http/trailer_fields.ts src/host/trailers.ts",
]);

test("every file has a room, and imports from its own or from floors below", () => {
  for (const file of sources) {
    assert.notEqual(roomOf(file), "", `${file} is in no room`);
    for (const { from } of importsOf(file)) {
      if (!from.startsWith("src/")) continue;
      const allowed = roomOf(from) === roomOf(file) || floorOf(from) < floorOf(file) ||
        WRONG.has(`${file} ${from}`) || (file === "src/node.ts" && roomOf(from) === "src/node/");
      assert.ok(allowed, `${file} must not import ${from}`);
    }
  }
});

test("only the host for Node imports Node's modules, types aside", () => {
  const packages = new Map([
    ["src/static/media_type.ts", ["mime/lite", "mime/types/other.js", "mime/types/standard.js"]],
    ["src/static/globs.ts", ["picomatch/posix.js"]],
    ["src/node/server.ts", ["node:http", "node:http2", "node:https", "node:stream"]],
    ["src/node/server_tls.ts", ["node:tls"]],
    ["src/node/upgrade_listener.ts", ["node:http"]],
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
    "src/debug/live/capture.ts", // its frames need the debugger of Node
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

test("the exports are these", async () => {
  const names = async (path: string): Promise<string[]> =>
    Object.keys(await import(path) as object).toSorted();
  const sources = [
    "assets",
    "bucket",
    "dictionaries",
    "directory",
    "keyValue",
    "memory",
    "overlay",
    "packageData",
    "preload",
    "remote",
    "reprDigest",
  ];
  const staying = [
    "capacity",
    "activeHealth",
    "concurrency",
    "passiveHealth",
    "first",
    "leastConnections",
  ];
  staying.push("mirrorTo", "hashBy", "retries", "roundRobin", "slowStart", "randomTwo");
  staying.push("stickyCookie", "upstreamList");
  const proxying = ["bunWebSocket", "inspect", "proxy", "proxyTo", ...staying].toSorted();
  const core = ["compose", "dispatch", "easterEgg", "mountOf", "notFound", "serveStatic"];
  assert.deepEqual(await names("handwerk"), [...core, ...proxying, ...sources].toSorted());
  assert.deepEqual(await names("handwerk/static"), ["serveStatic", ...sources].toSorted());
  assert.deepEqual(await names("handwerk/proxy"), proxying);
  assert.deepEqual(await names("handwerk/dispatch"), ["dispatch"]);
  assert.deepEqual(await names("handwerk/debug"), ["debug", "liveFrames"]);
  const hosting = ["earlyHints", "listener", "serve", "upgradeListener"];
  assert.deepEqual(await names("handwerk/node"), hosting);
});

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
      assert.equal(types?.replace(".d.ts", ""), code?.replace(".js", ""));
      return [name, code?.replace("./dist/", "./src/").replace(".js", ".ts")];
    });
  assert.deepEqual(Object.fromEntries(entries), deno["exports"]);
});

test("the README has every option of serveStatic, and no other", () => {
  const members = /interface ServeStaticOptions \{([\s\S]*?)\n\}/.exec(
    read("src/static/static_options.ts"),
  );
  const [, section] = /\n## serveStatic\n([\s\S]*?)\n## /.exec(read("README.md")) ?? [];
  const names = (text: string | undefined, pattern: RegExp): string[] =>
    [...(text ?? "").matchAll(pattern)].map(([, name = ""]) => name).toSorted();
  const table = section?.slice(section.indexOf("| option"));
  assert.deepEqual(names(table, /^\| `(\w+)` /gm), names(members?.[1], /^ {2}readonly (\w+)\?:/gm));
});

test("importing does nothing", async () => {
  const before = Reflect.ownKeys(globalThis);
  await import("handwerk");
  assert.deepEqual(Reflect.ownKeys(globalThis), before);
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
  for (const entry of ["handwerk", "./src/mod.ts"]) {
    const { text } = await bundle({ text: `export { proxy } from "${entry}";` });
    assert.doesNotMatch(text, /createHttpClient|upgradeWebSocket|undici/, entry);
  }
});
test("a bundle for Workers refuses to be a proxy on Node, whose fetch decodes", async () => {
  const { text } = await bundle({ text: `export { proxy } from "./src/mod.ts";` });
  const url = `data:text/javascript,${encodeURIComponent(text)}`;
  const { proxy } = await import(url) as typeof import("../../src/mod.ts");
  assert.throws(() => proxy({ "/": "http://127.0.0.1:9/" }), /platform "node"/);
});
test("the debugger is in a bundle only if it is asked for, and then it is small", async (t) => {
  const { text } = await bundle({ text: `export * from "./src/mod.ts";` });
  assert.doesNotMatch(text, /__debug/);
  const own = await bundle({ text: `export { debug, liveFrames } from "./src/debug/mod.ts";` });
  t.diagnostic(`${own.gzip} bytes`);
  assert.match(own.text, /__debug/);
  assert.ok(own.gzip <= 32_000, `${own.gzip} bytes`);
  assert.deepEqual(own.externals, []);
});
for (const [names, external, most] of sizes) {
  test(`{ ${names} } bundles for Workers in ${most} bytes, without Node's modules`, async (t) => {
    const text = `export { ${names} } from "./src/mod.ts";`;
    const { gzip, externals, text: code } = await bundle({ text }, external);
    t.diagnostic(`${gzip} bytes`);
    assert.ok(gzip <= most, `${gzip} bytes`);
    assert.deepEqual(externals.filter((name) => name.startsWith("node:")), []);
    assert.doesNotMatch(code, /(?:from|require\(|import\() ?["']node:/);
  });
}

test("the README has every field that a stranger must not send, and no other", () => {
  const [, list = ""] = /\n```text\n(forwarded [^`]*)```/.exec(read("README.md")) ?? [];
  assert.deepEqual(list.trim().split(/\s+/), FORWARDING);
});
