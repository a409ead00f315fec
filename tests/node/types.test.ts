/** Type tests: the official types of each host, with what must not compile marked as such. */
import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const options = "--noEmit --ignoreConfig --strict --target es2024 --lib es2024 --module nodenext " +
  "--skipLibCheck --allowImportingTsExtensions --exactOptionalPropertyTypes " +
  "--noUncheckedIndexedAccess --verbatimModuleSyntax";
const checks: Record<string, readonly string[]> = {
  plain: [...options.split(" "), "--lib", "es2024,dom", "--types", "node"],
  workers: [...options.split(" "), "--types", "@cloudflare/workers-types"],
  bun: [...options.split(" "), "--types", "bun"],
  deno: [
    ...options.split(" "),
    "--lib",
    "es2024,dom,dom.iterable,dom.asynciterable",
    "--types",
    "deno",
  ],
};
const compile = (args: readonly string[], file: string): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", ...args, file], {
    encoding: "utf8",
  });

test("what must not compile has an error in words, where it is written", () => {
  const file = "tests/types/errors.ts";
  const { stdout } = compile(checks["plain"] ?? [], file);
  const wanted = readFileSync(file, "utf8").split("\n").flatMap((line, i) => {
    const [, type] = /\/\/ (\w+)$/.exec(line) ?? [];
    return type ? [`${i + 1} ${type}`] : [];
  });
  const told = [...stdout.matchAll(/^tests\/types\/errors\.ts\((\d+),.* & (\w+)'\.$/gm)]
    .map(([, line, type]) => `${line} ${type}`);
  assert.deepEqual(told, wanted, stdout);
  assert.match(stdout, /these handlers need different platform arguments; give them the same/);
});

for (const [host, args] of Object.entries(checks)) {
  test(`the types are right for ${host}`, () => {
    const { status, stdout } = compile(args, `tests/types/${host}.ts`);
    assert.equal(status, 0, stdout);
  });
}
