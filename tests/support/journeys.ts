/**
 * The journeys: `npm run journeys [-- --list]`. How many files and functions of `src` one request
 * visits, and how many calls it makes there, counted by V8 on the sources as they are.
 *
 * Each journey is warmed up first, so that what is done once (modules, connections, caches) is not
 * counted. `--list` prints the files of each journey, with their functions and calls.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request as send } from "node:http";
import { Session } from "node:inspector/promises";
import { registerHooks } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Handler } from "handwerk";

const { values: { list } } = parseArgs({ options: { list: { type: "boolean", default: false } } });
const { exports: entries } = JSON.parse(readFileSync("deno.json", "utf8")) as {
  readonly exports: Readonly<Record<string, string>>;
};
/** The package's names stand for its sources, because `dist` has other files. */
registerHooks({
  resolve(specifier, context, next) {
    const path = entries[specifier.replace(/^handwerk\b/, ".")];
    return next(path ? new URL(`../../${path}`, import.meta.url).href : specifier, context);
  },
});
const { dispatch, notFound, proxy, serveStatic } = await import("handwerk");
const { debug } = await import("handwerk/debug");
const { serve } = await import("handwerk/node");

const SOURCES = new URL("../../src/", import.meta.url).href;
const WARM_UP = 20;
/** The least of so many counts: what is done now and then, such as a look at the disk, is not. */
const TRIES = 5;
/** What a request leaves to do, such as closing what it opened, is over by then. */
const REST = 50;

const site = mkdtempSync(join(tmpdir(), "handwerk-journeys-"));
writeFileSync(join(site, "hot.txt"), "a small file\n".repeat(100));
const upstream = createServer((_, response) => response.end("from upstream"));
await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
const { port } = upstream.address() as AddressInfo;

const journeys: readonly { readonly name: string; readonly path: string; readonly app: Handler }[] =
  [
    { name: "static hot", path: "/hot.txt", app: serveStatic({ "/": site })(notFound) },
    {
      name: "proxy GET",
      path: "/api/users?page=2",
      app: proxy({ "/api": `http://127.0.0.1:${port}/` })(notFound),
    },
    {
      name: "dispatch → user",
      path: "/blog/2026",
      app: dispatch({ "/blog": () => new Response("the blog"), "/shop": notFound })(notFound),
    },
    {
      name: "debug → throw",
      path: "/",
      app: debug({ enabled: true, pin: false, log: () => {} })(() => {
        throw new Error("the user's mistake");
      }),
    },
  ];

interface Visit {
  readonly file: string;
  readonly functions: number;
  readonly calls: number;
}

const inspector = new Session();
inspector.connect();
await inspector.post("Profiler.enable");
await inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });

/** What was visited since the last time. */
async function visits(): Promise<readonly Visit[]> {
  const { result } = await inspector.post("Profiler.takePreciseCoverage");
  return result.filter(({ url }) => url.startsWith(SOURCES)).flatMap(({ url, functions }) => {
    const counts = functions.map(({ ranges }) => ranges[0]?.count ?? 0).filter((count) =>
      count > 0
    );
    const calls = counts.reduce((sum, count) => sum + count, 0);
    const file = fileURLToPath(url).slice(fileURLToPath(SOURCES).length);
    return counts.length === 0 ? [] : [{ file, functions: counts.length, calls }];
  });
}

/** Prints what one more call visits, after many. */
async function measure(name: string, call: () => Promise<void>): Promise<void> {
  for (let i = 0; i < WARM_UP; i++) await call();
  const sum = (visited: readonly Visit[], key: "functions" | "calls"): number =>
    visited.reduce((n, one) => n + one[key], 0);
  let visited: readonly Visit[] = [];
  for (let i = 0; i < TRIES; i++) {
    await sleep(REST);
    await visits();
    await call();
    await sleep(REST);
    const now = await visits();
    if (i === 0 || sum(now, "calls") < sum(visited, "calls")) visited = now;
  }
  if (visited.length === 0) throw new Error(`journeys: ${name}: no file of src was visited`);
  const figures = [visited.length, sum(visited, "functions"), sum(visited, "calls")];
  console.log(`| ${name} | ${figures.join(" | ")} |`);
  if (!list) return;
  for (const { file, functions, calls } of visited) {
    console.log(`| · ${file} | | ${functions} | ${calls} |`);
  }
}

/** Sends a GET over a connection that is kept, and reads the whole response. */
function get(agent: Agent, url: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    send(url, { agent }, (response) => {
      response.once("end", () => resolve(response.statusCode ?? 0)).once("error", reject).resume();
    }).once("error", reject).end();
  });
}

function check(name: string, status: number): void {
  const wanted = name.endsWith("throw") ? 500 : 200;
  if (status !== wanted) throw new Error(`journeys: ${name}: status ${status}`);
}

console.log(`Node ${process.version}\n\n| journey | files | functions | calls |`);
console.log("| --- | ---: | ---: | ---: |");
for (const { name, path, app } of journeys) {
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = new URL(path, server.url);
  await measure(`${name}, through serve`, async () => check(name, await get(agent, url)));
  agent.destroy();
  await server.close(true);
}
for (const { name, path, app } of journeys) {
  await measure(`${name}, the handler alone`, async () => {
    const response = await app(new Request(new URL(path, "http://localhost/")));
    await response.arrayBuffer();
    check(name, response.status);
  });
}
inspector.disconnect();
upstream.close();
rmSync(site, { recursive: true });
process.exit(0);
