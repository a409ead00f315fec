// Runs the conformance tables on every runtime, and prints what holds where: a matrix for each file.
// Words behind the command choose files whose paths hold one of them.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { Miniflare } from "miniflare";
import { bundle } from "./bundle.ts";
import { marksOf } from "./reports.mjs";

const words = process.argv.slice(2);
const deno = ["deno", "--no-check", "--allow-all"];
const runtimes = {
  Node: { runner: "node", argv: [process.execPath, "--test", "--test-reporter=spec"] },
  Deno: { runner: "deno", argv: deno.toSpliced(1, 0, "test") },
  Bun: { runner: "bun", argv: ["bun", "test"] },
  workerd: { runner: "workerd", argv: [process.execPath, "tests/support/workerd.mjs"] },
};

function spawn([command, ...args]) {
  const { stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 28,
  });
  return { stdout, both: `${stdout}${stderr}` };
}

/** Runs one file on one runtime: the mark of each of its cases. */
const run = (file, { runner, argv }) => marksOf(runner, spawn([...argv, `./${file}`]).both);

/** The marks whose names match, by the names of the columns in them, with what is left of the name. */
function columns(marks, pattern) {
  const found = {};
  for (const [name, mark] of marks) {
    const { column, row } = pattern.exec(name)?.groups ?? {};
    if (row) (found[column] ??= new Map()).set(row, mark);
  }
  return found;
}

const count = { held: 0, all: 0, failed: 0 };

/** Prints a table; "–" is what is not asked there. */
function print(title, results) {
  const names = Object.keys(results);
  const cases = [...new Set(names.flatMap((name) => [...results[name].keys()]))];
  const rows = cases.map((name) => ({
    name,
    marks: names.map((column) => results[column].get(name) ?? "–"),
  }));
  const good = rows.filter(({ marks }) => marks.every((mark) => mark === "✔")).length;
  count.held += good;
  count.all += rows.length;
  count.failed += rows.filter(({ marks }) => marks.includes("✖")).length;
  console.log(`## ${title}: ${good} of ${rows.length} hold everywhere\n`);
  console.log(`| ${names.join(" | ")} | case |\n|${" --- |".repeat(names.length + 1)}`);
  for (const { name, marks } of rows) {
    console.log(`| ${marks.join(" | ")} | ${name.replaceAll("|", "\\|")} |`);
  }
  console.log();
}

/** What the transports say they can do. */
async function printCapabilities() {
  const script = "tests/support/capabilities.ts";
  const commands = [[process.execPath], deno.toSpliced(1, 0, "run"), ["bun"]];
  const told = Object.assign(
    {},
    ...commands.map((argv) => JSON.parse(spawn([...argv, script]).stdout)),
    await tellWorkers(),
  );
  const names = Object.keys(told);
  const capabilities = [...new Set(Object.values(told).flat())];
  console.log("## capabilities of the transports, as declared; the rows below hold them to it\n");
  console.log(`| ${names.join(" | ")} | capability |\n|${" --- |".repeat(names.length + 1)}`);
  for (const capability of capabilities) {
    const marks = names.map((name) => told[name].includes(capability) ? "yes" : "no");
    console.log(`| ${marks.join(" | ")} | ${capability} |`);
  }
  console.log();
}

async function tellWorkers() {
  const { text } = await bundle({
    text: `
      import { workersTransport } from "./src/platform/workers_adapter.ts";
      const { capabilities } = workersTransport();
      export default { fetch: () => Response.json({ Workers: [...capabilities] }) };`,
  });
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: text }],
    compatibilityDate: "2026-07-30",
  });
  const told = await (await miniflare.dispatchFetch("http://host/")).json();
  await miniflare.dispose();
  return told;
}

/** The transports: that of each runtime, and the others of Node, in one table. */
function transports() {
  const pattern = /^(?<column>[^:]*(?::http)?): (?<row>.*)$/;
  const own = Object.fromEntries(
    ["Node", "Deno", "Bun"].map((name) => {
      const marks = run("tests/native/transport.test.ts", runtimes[name]);
      return [name, columns(marks, pattern)["this runtime's transport"] ?? new Map()];
    }),
  );
  const others = columns(run("tests/node/transports.test.ts", runtimes.Node), pattern);
  const { Node, ...rest } = own;
  return {
    "Node, undici 8": Node,
    "Node, undici 7": others["undici 7"] ?? new Map(),
    "Node, node:http": others["node:http"] ?? new Map(),
    ...rest,
  };
}

const patterns = "tests/{http,host,transport,static,proxy,debug,native,hosts}/*.test.ts";
const files = globSync(patterns).toSorted()
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
for (const file of files) {
  const title = file.replace(/^tests\/|\.test\.ts$/g, "");
  if (title === "native/transport") {
    await printCapabilities();
    print(title, transports());
  } else if (title.startsWith("hosts/workers_")) {
    print(title, { Workers: run(file, runtimes.Node) });
  } else if (title.startsWith("hosts/")) {
    // Each suite is about one host, of all that are started from Node.
    print(title, columns(run(file, runtimes.Node), /^.* on (?<column>[^>]*) > (?<row>.*)$/));
  } else {
    // There are no files and no sockets in workerd.
    const names = Object.keys(runtimes)
      .filter((name) => name !== "workerd" || !title.startsWith("native/"));
    print(title, Object.fromEntries(names.map((name) => [name, run(file, runtimes[name])])));
  }
}
console.log(`${count.held} of ${count.all} cases hold everywhere, ${count.failed} fail somewhere`);
process.exitCode = count.failed > 0 || count.all === 0 ? 1 : 0;
