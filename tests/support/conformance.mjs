// Runs the conformance tables on every runtime, and prints what holds where: a matrix for each file.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const mark = (text) => ({ "✔": "✔", "✖": "✖", ok: "✔", FAILED: "✖", pass: "✔", fail: "✖" })[text];
const plain = /^([✔✖]) (.*) \([\d.]+ms\)$/gm;
const runtimes = {
  Node: { argv: [process.execPath, "--test", "--test-reporter=spec"], line: plain },
  Deno: {
    argv: ["deno", "test", "--no-check", "--allow-all"],
    line: /^(.*) \.\.\. (ok|FAILED) \(.*\)$/gm,
    flipped: true,
  },
  Bun: { argv: ["bun", "test"], line: /^\((pass|fail)\) (.*?)(?: \[[\d.]+m?s\])?$/gm },
  workerd: { argv: [process.execPath, "tests/support/workerd.mjs"], line: plain },
};

/** Runs one file on one runtime: the mark of each of its cases. */
function run(file, { argv: [command, ...args], line, flipped }) {
  const { stdout, stderr } = spawnSync(command, [...args, `./${file}`], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 28,
  });
  const marks = new Map();
  for (const [, first, second] of `${stdout}${stderr}`.matchAll(line)) {
    const [name, result] = flipped ? [first, second] : [second, first];
    // A failure is printed twice, and a name may stand for several cases: one that fails counts.
    marks.set(name, marks.get(name) === "✖" ? "✖" : mark(result));
  }
  return marks;
}

let [held, all] = [0, 0];
for (const file of globSync("tests/{http,static,proxy,debug,native}/*.test.ts").toSorted()) {
  // There are no files and no sockets in workerd.
  const names = Object.keys(runtimes)
    .filter((name) => name !== "workerd" || !file.startsWith("tests/native/"));
  const results = names.map((name) => run(file, runtimes[name]));
  const cases = [...new Set(results.flatMap((marks) => [...marks.keys()]))];
  const rows = cases.map((name) => ({
    name,
    marks: results.map((marks) => marks.get(name) ?? "–"),
  }));
  const good = rows.filter(({ marks }) => marks.every((mark) => mark === "✔")).length;
  [held, all] = [held + good, all + rows.length];
  const title = file.replace(/^tests\/|\.test\.ts$/g, "");
  console.log(`## ${title}: ${good} of ${rows.length} hold everywhere\n`);
  console.log(`| ${names.join(" | ")} | case |\n|${" --- |".repeat(names.length + 1)}`);
  for (const { name, marks } of rows) {
    console.log(`| ${marks.join(" | ")} | ${name.replaceAll("|", "\\|")} |`);
  }
  console.log();
}
console.log(`${held} of ${all} cases hold everywhere`);
process.exitCode = held < all || all === 0 ? 1 : 0;
