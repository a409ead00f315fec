/** The package as npm ships it: in an empty folder, in bundles, under other people's compilers. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { temporary } from "../support/temp.ts";

const ROOT = resolve(".");
const DEPENDENCIES = ["mime", "picomatch", "undici"];

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

const shipped = temporary({});
// Without scripts: building would take `dist` away from the tests that run beside this one.
run(ROOT, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", shipped);
run(shipped, "tar", "-xzf", globSync("*.tgz", { cwd: shipped })[0] ?? "");

test("the package is small: it has at most 106 files, and each entry has its types", () => {
  const files = globSync("package/**", { cwd: shipped, withFileTypes: true })
    .filter((file) => file.isFile());
  assert.ok(files.length <= 106, `${files.length} files`);
  const { exports } = JSON.parse(
    readFileSync(join(shipped, "package/package.json"), "utf8"),
  ) as { exports: Record<string, Record<string, string> | string> };
  for (const paths of Object.values(exports).filter((entry) => typeof entry === "object")) {
    for (const path of Object.values(paths)) readFileSync(join(shipped, "package", path));
  }
});

test("source maps have the sources, which are not shipped beside them", () => {
  for (const name of globSync("package/dist/**/*.map", { cwd: shipped })) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(shipped, name), "utf8")) as {
      sources: string[];
      sourcesContent: (string | null)[];
    };
    sources.forEach((source, i) => {
      const path = resolve("dist", name, "..", source).replace("/dist/package/", "/");
      assert.equal(sourcesContent[i], readFileSync(path, "utf8"), source);
    });
  }
});

test("the types keep the docs: each function and each option has some", () => {
  const types = globSync("package/dist/**/*.d.ts", { cwd: shipped })
    .map((name) => readFileSync(join(shipped, name), "utf8")).join("\n");
  const options = [...types.matchAll(/^interface \w+Options\b[^{]*\{\n([\s\S]*?)^\}/gm)]
    .map(([, members = ""]) => members);
  assert.ok(options.length > 10);
  const undocumented = [
    ...types.matchAll(/(?<!\*\/\n)^declare function (\w+)/gm),
    ...options.join("").matchAll(/(?<!\*\/\n)^ {4}readonly (\w+)/gm),
  ];
  assert.deepEqual(undocumented.map(([, name]) => name), []);
});

/** An empty folder, with the package installed in it as npm would. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = temporary({ "package.json": `{ "type": "module" }`, ...files });
  mkdirSync(join(folder, "node_modules"));
  cpSync(join(shipped, "package"), join(folder, "node_modules/handwerk"), { recursive: true });
  for (const name of [...DEPENDENCIES, "@types"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  return folder;
}

test("the first server of the README runs in an empty folder", async () => {
  const [, section = ""] = /\n## A complete server\n([\s\S]*?)\n## /.exec(
    readFileSync("README.md", "utf8"),
  ) ?? [];
  const [, code = ""] = /^```ts[^\n]*\n([\s\S]*?)^```$/m.exec(section) ?? [];
  const folder = project({ "app.ts": code.replace("port: 3000", "port: 0"), "x.txt": "a file" });
  const child = spawn(process.execPath, ["app.ts"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [printed] = await once(child.stdout, "data") as [Buffer];
    const url = /http:\S+/.exec(printed.toString())?.[0] ?? "";
    assert.match(await (await fetch(`${url}hello`)).text(), /^hello/);
    assert.equal(await (await fetch(`${url}x.txt`)).text(), "a file");
  } finally {
    child.kill();
  }
});

test("the package has the manuals", () => {
  const manuals = globSync("src/**/README.md").toSorted();
  assert.ok(manuals.length > 5);
  for (const manual of manuals) assert.ok(existsSync(join(shipped, "package", manual)), manual);
});

const APP = `
import { proxyTo } from "handwerk";
import { serve } from "handwerk/node";
async function main() {
  const options = { port: 0, hostname: "127.0.0.1" };
  const upstream = await serve({ fetch: () => new Response("from upstream"), ...options });
  const front = await serve({ fetch: proxyTo(upstream.url), ...options });
  console.log(await (await fetch(front.url)).text());
  await Promise.all([front.close(true), upstream.close(true)]);
}
main();
`;
for (const format of ["esm", "cjs"] as const) {
  test(`a bundle for Node (${format}) serves and proxies, with and without undici beside it`, async () => {
    const folder = project({ "app.ts": APP });
    const name = format === "esm" ? "app.mjs" : "app.cjs";
    const { warnings } = await build({
      absWorkingDir: folder,
      entryPoints: ["app.ts"],
      outfile: name,
      bundle: true,
      platform: "node",
      format,
      logLevel: "silent",
    });
    assert.deepEqual(warnings.filter(({ id }) => id !== "empty-import-meta"), []);
    assert.equal(run(folder, process.execPath, name), "from upstream\n");
    const alone = temporary({ [name]: readFileSync(join(folder, name)) });
    assert.equal(run(alone, process.execPath, name), "from upstream\n");
  });
}

const USE = `
import { compose, dispatch, memory, notFound, proxy, serveStatic } from "handwerk";
import { debug } from "handwerk/debug";
import { listener, serve } from "handwerk/node";
const app = compose(
  debug({ enabled: true, live: { frames: 4 } }),
  serveStatic({ "/files": memory("text") }),
  proxy({ "/api": "http://127.0.0.1:5001/" }),
  dispatch({ "/env": (request: Request, env: { name: string }) => new Response(env.name) }),
)(notFound);
export default { fetch: app };
export const others: object[] = [serve, listener];
`;
const versions = { "the oldest TypeScript": "typescript-minimum", "this TypeScript": "typescript" };
for (const [version, compiler] of Object.entries(versions)) {
  for (const resolution of ["nodenext", "bundler"]) {
    test(`the types of the package are right for ${version} with ${resolution}`, () => {
      const folder = project({
        "app.ts": USE,
        "tsconfig.json": JSON.stringify({
          compilerOptions: {
            strict: true,
            noEmit: true,
            target: "es2022",
            lib: ["es2022", "dom"],
            module: resolution === "nodenext" ? "nodenext" : "esnext",
            moduleResolution: resolution,
            types: ["node"],
          },
        }),
      });
      run(folder, process.execPath, join(ROOT, "node_modules", compiler, "bin/tsc"));
    });
  }
}

test("the README names the oldest TypeScript that the types are tested with", () => {
  const { version } = JSON.parse(
    readFileSync("node_modules/typescript-minimum/package.json", "utf8"),
  ) as { version: string };
  const [, stated] = /TypeScript (\d+\.\d+) or newer/.exec(readFileSync("README.md", "utf8")) ?? [];
  assert.equal(stated, version.split(".").slice(0, 2).join("."));
});

const entries = Object.values(
  (JSON.parse(readFileSync("deno.json", "utf8")) as { exports: Record<string, string> }).exports,
);
const strictest = {
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  declaration: true,
  erasableSyntaxOnly: true,
  exactOptionalPropertyTypes: true,
  isolatedDeclarations: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  noUncheckedSideEffectImports: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
};
const configurations = {
  "nothing but strict": { lib: ["es2024", "dom"] },
  "every strict option": { lib: ["es2024", "dom", "dom.iterable"], ...strictest },
  "a web worker's library": { lib: ["esnext", "webworker"] },
};
for (const [name, options] of Object.entries(configurations)) {
  test(`the sources are right under ${name}`, () => {
    const folder = temporary({});
    const config = join(folder, "tsconfig.json");
    writeFileSync(
      config,
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          target: "es2024",
          module: "nodenext",
          allowImportingTsExtensions: true,
          types: ["node"],
          typeRoots: [join(ROOT, "node_modules/@types")],
          ...options,
        },
        files: entries.map((entry) => join(ROOT, entry)),
      }),
    );
    run(ROOT, process.execPath, "node_modules/typescript/bin/tsc", "-p", config);
  });
}

test("the sources are right for Deno", () => {
  run(ROOT, "deno", "check", "--quiet", ...entries);
});
