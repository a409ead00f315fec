/** The manuals have every option, with its default, and their links lead somewhere. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { defaultOf, publicInterfaces } from "../support/public_face.ts";

const read = (path: string): string => readFileSync(path, "utf8");
const manuals = ["README.md", ...globSync("{src,tests}/**/README.md").toSorted()];

test("the README is short, and every room has a manual", () => {
  assert.ok(readFileSync("README.md").length <= 14_000);
  for (const room of ["static", "proxy", "proxy/upstreams", "debug", "node"]) {
    assert.ok(manuals.includes(`src/${room}/README.md`), room);
  }
});

interface Table {
  readonly manual: string;
  /** The heading of the section. */
  readonly heading: string;
  /** What the first column is called. */
  readonly column?: string;
  /** The function whose options the rows have, where a column before them names it. */
  readonly of?: string;
}

const upstreams = (of: string): Table => ({
  manual: "src/proxy/upstreams/README.md",
  heading: "All options",
  column: "function",
  of,
});
/** Where the options of each interface are; a text names the manual that tells of them elsewhere. */
const places: Readonly<Record<string, Table | string>> = {
  ActiveHealthOptions: upstreams("activeHealth"),
  CloseOptions: "src/node/README.md",
  ConcurrencyOptions: upstreams("concurrency"),
  DebugOptions: { manual: "src/debug/README.md", heading: "All options" },
  DirectoryOptions: "src/static/README.md",
  DispatchOptions: { manual: "src/README.md", heading: "dispatch" },
  ListenerOptions: "src/node/README.md",
  LiveOptions: "src/debug/README.md",
  MemoryCacheOptions: "src/static/README.md",
  MirrorOptions: upstreams("mirrorTo"),
  PassiveHealthOptions: upstreams("passiveHealth"),
  ProxyOptions: { manual: "src/proxy/README.md", heading: "All options of the proxy" },
  RemoteOptions: "src/static/README.md",
  RetriesOptions: upstreams("retries"),
  ServeOptions: { manual: "src/node/README.md", heading: "All options" },
  ServerTimeouts: { manual: "src/node/README.md", heading: "All options", column: "timeout" },
  ServeStaticOptions: { manual: "src/static/README.md", heading: "All options" },
  SlowStartOptions: upstreams("slowStart"),
  StickyCookieOptions: upstreams("stickyCookie"),
  TargetOptions: { manual: "src/proxy/README.md", heading: "All options of a target" },
  TlsOptions: "src/proxy/README.md",
  Timeouts: {
    manual: "src/proxy/README.md",
    heading: "All options of the proxy",
    column: "timeout",
  },
};

/** The options in a table, with their defaults. */
function rowsOf({ manual, heading, column = "option", of }: Table): Map<string, string> {
  const [, section = ""] = new RegExp(`\n## ${heading}\n([\\s\\S]*?)(?=\n## |$(?![\\s\\S]))`)
    .exec(read(manual)) ?? [];
  const [, table = ""] = new RegExp(`^\\| ${column} .*\n\\|[ |:-]+\n((?:\\|.*\n)+)`, "m")
    .exec(section) ?? [];
  const rows = new Map<string, string>();
  let named = "";
  for (const line of table.split("\n").filter(Boolean)) {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""));
    if (of !== undefined) named = cells.shift() || named;
    if (of === undefined || named === of) rows.set(cells[0] ?? "", cells[1] ?? "");
  }
  return rows;
}

/** A default that is a literal, in one spelling. */
function literal(text: string): string | undefined {
  const plain = text.trim().replaceAll("`", "").replaceAll(/(?<=\d)_(?=\d)/g, "");
  return /^(?:"[^"]*"|-?[\d.]+|true|false|Infinity|\[.*\])$/.test(plain) ? plain : undefined;
}

for (const [name, properties] of publicInterfaces()) {
  if (!/(?:Options|Timeouts)$/.test(name)) continue;
  test(`the manual has every member of ${name}, and no other`, () => {
    const place = places[name];
    assert.ok(place !== undefined, `no manual is known to have ${name}`);
    const names = properties.map(({ name }) => name).toSorted();
    if (typeof place === "string") {
      const text = read(place);
      for (const option of names) assert.ok(new RegExp(`\\b${option}\\b`).test(text), option);
      return;
    }
    const rows = rowsOf(place);
    assert.deepEqual([...rows.keys()].toSorted(), names);
    for (const property of properties) {
      const said = literal(defaultOf(property) ?? "");
      const shown = literal(rows.get(property.name) ?? "");
      if (said !== undefined && shown !== undefined) assert.equal(shown, said, property.name);
    }
  });
}

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(file: string): Set<string> {
  const text = read(file).replaceAll(/^```[\s\S]*?^```$/gm, "");
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

for (const manual of manuals) {
  test(`the links of ${manual} lead somewhere`, () => {
    const text = read(manual).replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? manual : resolve(manual, "..", path);
      assert.doesNotThrow(() => read(file), `${manual}: ${target}`);
      if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${manual}: ${target}`);
    }
  });
}

test("the manuals name every file of the sources, and no other", () => {
  const files = globSync("src/**/*.ts").filter((file) => !file.endsWith("/mod.ts"));
  const named = new Set<string>();
  const unknown: string[] = [];
  for (const manual of manuals.filter((manual) => manual.startsWith("src/"))) {
    const [, section = ""] = /\n## Files\n([\s\S]*)$/.exec(read(manual)) ?? [];
    for (const [, name = ""] of section.matchAll(/`((?:\.\.\/)?[\w/]+(?:\.edge)?\.ts)`/g)) {
      const found = globSync(`${dirname(manual)}/{,http/,host/,sources/,websocket/}${name}`);
      if (found.length === 0) unknown.push(`${manual}: ${name}`);
      for (const file of found) named.add(file);
    }
  }
  assert.deepEqual({ missing: files.filter((file) => !named.has(file)), unknown }, {
    missing: [],
    unknown: [],
  });
});
