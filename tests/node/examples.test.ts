/** The examples in the README and in the docstrings, run as they are written. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { bundle } from "../support/bundle.ts";

interface Example {
  readonly name: string;
  readonly flags: string;
  readonly code: string;
}

// Inside the package, so that "handwerk" means this one.
const folder = "tests/.examples";
mkdirSync(folder, { recursive: true });
after(() => rmSync(folder, { recursive: true, force: true }));

function examplesOf(file: string): Example[] {
  const text = readFileSync(file, "utf8").replaceAll(/^ \* ?/gm, "");
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```$/gm)].map((
    [, flags = "", code = ""],
    i,
  ) => ({
    name: `${file} ${i + 1}`,
    flags: flags.trim(),
    code: code.replaceAll('"@handwerk/handwerk', '"handwerk'),
  }));
}

/** What an example says it prints: the comments after `console.log`, or on the line below. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); *(?:\n)?\/\/ (.*)/g)].map(([, text = ""]) => text);
}

async function answers(port: string): Promise<string> {
  for (let i = 0; i < 100; i++) {
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

let count = 0;
for (const example of ["README.md", ...globSync("src/**/*.ts").toSorted()].flatMap(examplesOf)) {
  test(`the example ${example.name} does what it says`, async () => {
    const path = `${folder}/${++count}.ts`;
    writeFileSync(path, example.code);
    if (example.flags === "workers") {
      const { externals } = await bundle({ path });
      return assert.deepEqual(externals, []);
    }
    const [command, ...args] = commands[example.flags.split(" ")[0] ?? ""] ?? [process.execPath];
    const port = /serve=(\d+)/.exec(example.flags)?.[1];
    if (port !== undefined) {
      const child = spawn(command, [...args, path], { stdio: "ignore" });
      try {
        assert.match(await answers(port), /hello/);
      } finally {
        await new Promise((resolve) => child.once("exit", resolve).kill());
      }
      return undefined;
    }
    const { status, stdout, stderr } = spawnSync(command, [...args, path], {
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.equal(status, 0, stderr);
    return assert.deepEqual(stdout.split("\n").filter(Boolean), promised(example.code));
  });
}

test("there are examples", () => assert.ok(count > 15));
