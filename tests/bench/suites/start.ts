/**
 * What it costs to start: fresh Node processes that import what serves files and proxies, and that
 * serve a first file, one after the other on one core.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { digits, matches, median, type Options, print, type Table } from "../support/options.ts";
import { pinned, temporaryFolder } from "../support/processes.ts";

interface Contender {
  /** What is imported for files and a proxy. */
  readonly imports: readonly string[];
  /** A program that serves the working directory, and calls `ask` with its port. */
  readonly program?: string;
}

const BARE = "node, no import";
const REFERENCE = "hono, its Node server, serve-static and proxy";
const contenders: Readonly<Record<string, Contender>> = {
  [BARE]: { imports: [] },
  [REFERENCE]: {
    imports: ["hono", "@hono/node-server", "@hono/node-server/serve-static", "hono/proxy"],
    program: `
      import { Hono } from "hono";
      import { serve } from "@hono/node-server";
      import { serveStatic } from "@hono/node-server/serve-static";
      const app = new Hono().use("/*", serveStatic({ root: "./" }));
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => ask(port));`,
  },
  "handwerk and handwerk/node": {
    imports: ["handwerk", "handwerk/node"],
    program: `
      import { notFound, serveStatic } from "handwerk";
      import { serve } from "handwerk/node";
      const fetch = serveStatic(process.cwd())(notFound);
      const { url } = await serve({ fetch, port: 0, hostname: "127.0.0.1" });
      ask(new URL(url).port);`,
  },
  "handwerk": { imports: ["handwerk"] },
  "sirv, httpxy and node:http": {
    imports: ["sirv", "httpxy", "node:http"],
    program: `
      import { createServer } from "node:http";
      import sirv from "sirv";
      const server = createServer(sirv("."));
      server.listen(0, "127.0.0.1", () => ask(server.address().port));`,
  },
};

/** Starts of each contender in a round. */
const STARTS = 10;

/** Prints what the process has taken until now, and ends it. */
const REPORT = `
  function report() {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ wall: performance.now(), cpu: (user + system) / 1000 }));
    process.exit();
  }`;
/** Asks for the file, and reports when it is there. */
const ASK = `
  function ask(port) {
    const { connect } = process.getBuiltinModule("node:net");
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    let answer = "";
    socket.on("data", (text) => answer += text).on("end", () => {
      if (!/^HTTP.1.1 200 OK[^]*the file$/.test(answer)) throw new Error(answer);
      report();
    });
    socket.write("GET /file.txt HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n");
  }`;

interface Cost {
  /** Milliseconds since the process was started. */
  readonly wall: number;
  /** Milliseconds of processor time, all threads. */
  readonly cpu: number;
}

function start(program: string): Cost {
  const line = [...pinned(0), process.execPath, "--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(line[0] as string, line.slice(1), { encoding: "utf8" });
  if (stdout === "") throw new Error(`start: ${stderr}`);
  return JSON.parse(stdout) as Cost;
}

/** Starts programs in turns, and compares what they take beside the first. */
function compare(
  title: string,
  programs: Readonly<Record<string, string>>,
  rounds: number,
): Table {
  const names = Object.keys(programs);
  const costs = new Map(names.map((name) => [name, [] as Cost[]]));
  for (let i = 0; i < rounds * STARTS; i++) {
    for (const name of names) costs.get(name)?.push(start(programs[name] ?? ""));
  }
  const middle = (name: string, key: keyof Cost): number =>
    median((costs.get(name) ?? []).map((cost) => cost[key]));
  const added = (name: string, key: keyof Cost): number => middle(name, key) - middle(BARE, key);
  const ratio = (name: string, key: keyof Cost): string =>
    name === BARE ? "—" : digits(added(name, key) / added(REFERENCE, key));
  return print({
    title,
    columns: ["process", "time", "CPU", "time added", "CPU added", "× hono, time", "× hono, CPU"],
    rows: names.map((name) => [
      name,
      digits(middle(name, "wall")),
      digits(middle(name, "cpu")),
      digits(added(name, "wall")),
      digits(added(name, "cpu")),
      ratio(name, "wall"),
      ratio(name, "cpu"),
    ]),
    note:
      `Medians of ${rounds * STARTS} processes each, which take turns. Added is what a process ` +
      "without imports does not take.",
  });
}

export function startSuite({ only, rounds, runtime = "node" }: Options): Promise<readonly Table[]> {
  if (runtime !== "node") return Promise.resolve([]);
  const chosen = Object.entries(contenders).filter(([name]) =>
    name === BARE || name === REFERENCE || matches(name, only)
  );
  const importing = chosen.map(([name, { imports }]) => [
    name,
    `${imports.map((from) => `import ${JSON.stringify(from)};`).join("\n")}${REPORT}report();`,
  ]);
  const site = temporaryFolder();
  writeFileSync(join(site, "file.txt"), "the file");
  const enter = `process.chdir(${JSON.stringify(site)});`;
  const serving = chosen.filter(([name, { program }]) => program || name === BARE)
    .map(([name, { program = "report();" }]) => [name, `${enter}${program}${REPORT}${ASK}`]);
  return Promise.resolve([
    compare("start on node: imports, ms", Object.fromEntries(importing), rounds),
    compare("start on node: until a first file is served, ms", Object.fromEntries(serving), rounds),
  ]);
}
