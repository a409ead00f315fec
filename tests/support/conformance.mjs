// Runs the conformance tables on every runtime, and prints what holds where as a matrix.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const files = globSync("tests/{static,proxy,debug}/*.test.ts").toSorted();
const dotted = files.map((file) => `./${file}`);
const mark = (text) => ({ "✔": "✔", "✖": "✖", ok: "✔", FAILED: "✖", pass: "✔", fail: "✖" })[text];
const plain = /^([✔✖]) (.*) \([\d.]+ms\)$/gm;
const runs = {
  Node: { argv: [process.execPath, "--test", "--test-reporter=spec", ...files], line: plain },
  Deno: {
    argv: ["deno", "test", "--no-check", "--allow-all", ...files],
    line: /^(.*) \.\.\. (ok|FAILED) \(.*\)$/gm,
    flipped: true,
  },
  Bun: { argv: ["bun", "test", ...dotted], line: /^\((pass|fail)\) (.*) \[[\d.]+ms\]$/gm },
  workerd: { argv: [process.execPath, "tests/support/workerd.mjs", ...files], line: plain },
};

const rows = new Map();
for (const [runtime, { argv: [command, ...args], line, flipped }] of Object.entries(runs)) {
  const { stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 28,
  });
  for (const [, first, second] of `${stdout}${stderr}`.matchAll(line)) {
    const [name, result] = flipped ? [first, second] : [second, first];
    const row = rows.get(name) ?? {};
    // A failure is printed twice, and a name may stand for several cases: one that fails counts.
    row[runtime] = row[runtime] === "✖" ? "✖" : mark(result);
    rows.set(name, row);
  }
}
const names = Object.keys(runs);
console.log(`| ${names.join(" | ")} | case |\n|${" --- |".repeat(names.length + 1)}`);
let failed = 0;
for (const [name, row] of rows) {
  const marks = names.map((runtime) => row[runtime] ?? "–");
  if (marks.some((mark) => mark !== "✔")) failed++;
  console.log(`| ${marks.join(" | ")} | ${name.replaceAll("|", "\\|")} |`);
}
console.log(`\n${rows.size - failed} of ${rows.size} cases hold everywhere`);
process.exitCode = failed || rows.size === 0 ? 1 : 0;
