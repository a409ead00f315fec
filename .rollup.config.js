/**
 * What npm ships: `npm run build` bundles every entry of `deno.json` into `dist`, with its types.
 * What entries share is in `dist/chunks`, one file for each room of `src`. Nothing is minified.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, resolve, sep } from "node:path";
import { transform } from "esbuild";
import MagicString from "magic-string";
import { dts } from "rollup-plugin-dts";

const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const [jsr, npm] = [json("deno.json"), json("package.json")];
const SRC = resolve("src") + sep;

/** Each entry under the name of its file in `dist`: `mod` for `.`, `static` for `./static`. */
const entries = Object.fromEntries(
  Object.entries(jsr.exports).map(([name, path]) => [name.slice("./".length) || "mod", path]),
);

/**
 * `x.edge.ts` replaces `x.ts` in bundles for Workers and browsers. Both are files of their own in
 * `dist`, because the field `browser` of `package.json` replaces whole files.
 */
const edges = globSync("src/**/*.edge.ts");
const edgeEntries = Object.fromEntries(
  edges.map((path) => [`chunks/${basename(path, ".ts")}`, path]),
);
const replaced = edges.map((path) => resolve(path.replace(".edge.ts", ".ts")));

/** A module and everything that it imports, except through `without`. */
function reach(id, getModuleInfo, without, found = new Set()) {
  if (id === without || found.has(id)) return found;
  found.add(id);
  for (const next of getModuleInfo(id)?.importedIds ?? []) {
    reach(next, getModuleInfo, without, found);
  }
  return found;
}

/** The room of a module: its first folder below `src`, or its name. */
const roomOf = (id) => id.slice(SRC.length).split(sep)[0].replace(/\.ts$/, "");

/**
 * Puts a module into the chunk of its room. What only a replaced module needs goes with that module;
 * what it shares with its replacement is a chunk below both.
 */
function chunkOf(id, { getModuleInfo, getModuleIds }) {
  if (!id.startsWith(SRC) || getModuleInfo(id)?.isEntry) return undefined;
  const room = roomOf(id);
  const roots = [...getModuleIds()].filter((root) => getModuleInfo(root)?.isEntry);
  for (const module of replaced) {
    const needed = roots.some((root) => reach(root, getModuleInfo, module).has(id));
    if (!needed) return `chunks/${basename(module, ".ts")}`;
    if (roomOf(module) === room && reach(module, getModuleInfo).has(id)) {
      return `chunks/${room}.shared`;
    }
  }
  return `chunks/${room}`;
}

/** Removes the types. The comments stay in the source maps. */
const strip = {
  name: "strip",
  async transform(source, id) {
    const options = { loader: "ts", target: "es2024", sourcemap: true, sourcefile: id };
    const { code, map } = await transform(source, options);
    return { code, map };
  },
};

/** Calls `see` with each expression that is evaluated on import, until `see` returns `true`. */
function visitEvaluated(node, see) {
  if (!node || typeof node !== "object" || /Function|Class/.test(node.type)) return;
  if (node.type && see(node)) return;
  for (const child of Object.values(node)) visitEvaluated(child, see);
}

const operators = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "**": (a, b) => a ** b,
};
/** The value of an expression of numbers alone. */
function numberOf({ type, value, operator, left, right }) {
  if (type === "Literal" && typeof value === "number") return value;
  if (type !== "BinaryExpression") return undefined;
  const [a, b] = [numberOf(left), numberOf(right)];
  return a === undefined || b === undefined ? undefined : operators[operator]?.(a, b);
}

const PURE = "/* @__PURE__ */ ";
/**
 * Lets bundlers drop what an app does not use of a chunk. `sideEffects` of `package.json` is about
 * whole files, so each call that makes a constant is marked as pure. Arithmetic is done here, because
 * esbuild keeps it.
 */
const pure = {
  name: "pure",
  transform(code) {
    const text = new MagicString(code);
    const see = (node) => {
      const { type, start, end } = node;
      const value = type === "BinaryExpression" ? numberOf(node) : undefined;
      if (value !== undefined) text.overwrite(start, end, String(value));
      const isCall = type === "CallExpression" || type === "NewExpression";
      if (isCall && !code.slice(0, start).endsWith(PURE)) text.appendRight(start, PURE);
      return value !== undefined;
    };
    for (const node of this.parse(code).body) {
      for (const { init } of (node.declaration ?? node).declarations ?? []) {
        visitEvaluated(init, see);
      }
    }
    return { code: text.toString(), map: text.generateMap({ hires: true }) };
  },
};

/** The examples in the types import the package by its name on npm. */
const names = {
  name: "names",
  renderChunk: (code) => code.replaceAll(`"${jsr.name}`, `"${npm.name}`),
};

/** Some rooms have no types that an entry exports. */
const withoutEmpty = {
  name: "without-empty",
  generateBundle(_, files) {
    for (const [name, { code }] of Object.entries(files)) {
      if (/^\s*export \{\s*\};\s*$/.test(code)) delete files[name];
    }
  },
};

const packages = Object.keys(npm.dependencies);
const common = {
  external: (id) => id.startsWith("node:") || packages.includes(id.split("/")[0]),
  onLog(level, log, handler) {
    if (log.code === "EMPTY_BUNDLE") return;
    handler(level === "warn" ? "error" : level, log);
  },
};
const output = {
  dir: "dist",
  hoistTransitiveImports: false,
  manualChunks: chunkOf,
  minifyInternalExports: false,
};

export default [
  {
    ...common,
    input: { ...entries, ...edgeEntries },
    plugins: [strip, pure],
    output: { ...output, sourcemap: true, chunkFileNames: "[name].js" },
  },
  {
    ...common,
    input: entries,
    plugins: [dts(), names, withoutEmpty],
    output: { ...output, entryFileNames: "[name].d.ts", chunkFileNames: "[name].d.ts" },
  },
];
