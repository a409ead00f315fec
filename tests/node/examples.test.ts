/** The examples in the README, the manuals and the docstrings, run as they are written. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { type RunningServer, serve } from "handwerk/node";
import { bundle } from "../support/bundle.ts";
import { certificates } from "../support/certificates.ts";

interface Example {
  readonly name: string;
  readonly flags: string;
  readonly code: string;
  /** The working directory. */
  readonly cwd: string;
}

// Inside the package, so that "handwerk" means this one.
const folder = resolve("tests/.examples");
/** What the examples of the manuals find in their working directory. */
const project = "tests/examples/project";
const manuals = ["README.md", ...globSync("src/**/*.md").toSorted()];

let upstream: RunningServer;
before(async () => {
  mkdirSync(folder, { recursive: true });
  cpSync(project, folder, { recursive: true });
  const { cert, key } = certificates().sign("localhost");
  writeFileSync(`${folder}/localhost.pem`, cert);
  writeFileSync(`${folder}/localhost-key.pem`, key);
  const hello = (request: Request): Response => {
    const { pathname, search } = new URL(request.url);
    return new Response(`${request.method} ${pathname}${search}`);
  };
  upstream = await serve({ fetch: hello, port: 0, hostname: "127.0.0.1" });
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await upstream.close(true);
});

function examplesOf(file: string): Example[] {
  const text = readFileSync(file, "utf8").replaceAll(/^ \* ?/gm, "");
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```$/gm)].map((
    [, flags = "", code = ""],
    i,
  ) => ({
    name: `${file} ${i + 1}`,
    flags: flags.trim(),
    code: code.replaceAll('"@handwerk/handwerk', '"handwerk'),
    cwd: file.endsWith(".md") ? folder : ".",
  }));
}

/** What an example says it prints: the comments after `console.log`, or on the line below. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); *(?:\n)?\/\/ (.*)/g)].map(([, text = ""]) => text);
}

async function answers(port: string): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const response = await fetch(`http://127.0.0.1:${port}/hello`).catch(() => undefined);
    if (response) return await response.text();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`nothing answers on port ${port}`);
}

const commands: Record<string, readonly [string, ...string[]]> = {
  node: [process.execPath],
  deno: ["deno", "run", "--no-check", "--quiet", "-A"],
  bun: ["bun"],
};

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  // An example of a test is not one of the tests here.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(command, args, { cwd, env, timeout: 20_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stdout, stderr };
}

const examples = [...manuals, ...globSync("src/**/*.ts").toSorted()].flatMap(examplesOf);
let count = 0;
for (const example of examples) {
  const { name, flags, cwd } = example;
  test(`the example ${name} does what it says`, async () => {
    // The upstream of the examples has a port of its own, so that runs do not disturb each other.
    const code = example.code.replaceAll("127.0.0.1:5001", `127.0.0.1:${upstream.port}`);
    const path = `${folder}/example${++count}.ts`;
    writeFileSync(path, code);
    if (flags === "workers") {
      const { externals } = await bundle({ path });
      return assert.deepEqual(externals, []);
    }
    const [command, ...args] = commands[flags.split(" ")[0] ?? ""] ?? [process.execPath];
    const port = /serve=(\d+)/.exec(flags)?.[1];
    if (port !== undefined) {
      const child = spawn(command, [...args, path], { cwd, stdio: "ignore" });
      try {
        assert.match(await answers(port), /hello/);
      } finally {
        await new Promise((resolve) => child.once("exit", resolve).kill());
      }
      return undefined;
    }
    const { status, stdout, stderr } = await run(command, [...args, path], cwd);
    assert.equal(status, 0, stderr || stdout);
    if (flags === "test") return assert.match(stdout, /pass 1/);
    return assert.deepEqual(stdout.split("\n").filter(Boolean), promised(code));
  });
}

test("the examples have no type errors", async () => {
  const types = `${folder}/types`;
  mkdirSync(types);
  const names = new Map<string, string>();
  for (const { name, flags, code } of examples) {
    if (/deno|bun/.test(flags)) continue;
    const file = `example${names.size + 1}.ts`;
    names.set(file, name);
    writeFileSync(`${types}/${file}`, `${code}\nexport {};\n`);
  }
  const config = { extends: resolve("tsconfig.json"), include: ["*.ts"], exclude: [] };
  writeFileSync(`${types}/tsconfig.json`, JSON.stringify(config));
  const { stdout } = await run(process.execPath, [
    resolve("node_modules/typescript/bin/tsc"),
    "-p",
    types,
  ], types);
  assert.equal(stdout.replaceAll(/example\d+\.ts/g, (file) => names.get(file) ?? file), "");
});
