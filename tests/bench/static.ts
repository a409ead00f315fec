/**
 * Static files against other servers. Each is a process of its own; they take turns, round by round,
 * under the same load, and the median round counts. Prints requests a second, their ratio to ours
 * (above 1.00 is faster than we are), and the processor time of a request.
 */
import { type ChildProcess, fork } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "./load.ts";

const ROUNDS = 7;
const ROUND = 700;
const CONNECTIONS = 32;
const NODE = ["handwerk", "sirv", "@fastify/static", "Hono + node-server", "srvx/static"];

interface Row {
  readonly name: string;
  readonly path: string;
  readonly fields: string;
  readonly status: number;
}
const rows: readonly Row[] = [
  { name: "200 B", path: "/small.html", fields: "", status: 200 },
  { name: "10 KiB", path: "/medium.js", fields: "", status: 200 },
  { name: "1 MiB", path: "/large.bin", fields: "", status: 200 },
  {
    name: "304 by If-Modified-Since",
    path: "/medium.js",
    fields: "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
    status: 304,
  },
];

interface Server {
  readonly name: string;
  readonly port: number;
  /** Microseconds of processor time so far, where it can be told. */
  cpu(): Promise<number>;
  stop(): void;
}

async function startNode(name: string, directory: string): Promise<Server> {
  const child: ChildProcess = fork(
    join(import.meta.dirname, "static_server.ts"),
    [name, directory],
    {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`${name} ended`)));
    child.stdout?.once(
      "data",
      (text: Buffer) => resolve((JSON.parse(text.toString()) as { port: number }).port),
    );
  });
  return {
    name,
    port,
    cpu: () =>
      new Promise((resolve) => {
        child.once("message", ({ user, system }: NodeJS.CpuUsage) => resolve(user + system));
        child.send("cpu");
      }),
    stop: () => void child.kill("SIGKILL"), // some wait for connections otherwise
  };
}

async function startNginx(directory: string): Promise<Server> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const config = join(directory, "..", "nginx.conf");
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${config}.pid; error_log stderr crit; user root;
     events { worker_connections 256; }
     http { include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nopush on;
       keepalive_requests 1000000; server { listen 127.0.0.1:${port}; root ${directory}; expires 12h; } }`,
  );
  const child = spawn("nginx", ["-c", config, "-p", join(directory, "..")], { stdio: "ignore" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { name: "nginx", port, cpu: () => Promise.resolve(NaN), stop: () => void child.kill() };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Runs the bench and prints it. */
export async function staticFiles(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "handwerk-bench-"));
  const directory = join(folder, "www");
  spawnSync("mkdir", [directory]);
  writeFileSync(join(directory, "small.html"), "<p>".padEnd(200, "x"));
  writeFileSync(join(directory, "medium.js"), "x".repeat(10 * 1024));
  writeFileSync(join(directory, "large.bin"), "x".repeat(1024 * 1024));
  const servers = await Promise.all(NODE.map((name) => startNode(name, directory)));
  if (spawnSync("nginx", ["-v"]).error) console.log("nginx is not installed, and left out");
  else servers.push(await startNginx(directory));
  try {
    for (const row of rows) await measure(row, servers);
  } finally {
    for (const server of servers) server.stop();
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  { name, path, fields, status }: Row,
  servers: readonly Server[],
): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
  const rates = new Map(servers.map((server) => [server, [] as number[]]));
  const costs = new Map(servers.map((server) => [server, [] as number[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const server of servers) {
      const before = await server.cpu();
      const done = await load(server.port, request, CONNECTIONS, ROUND);
      if (round < 0) { // to warm up, and to see that it is the right answer
        if (done.status !== status) console.log(`  ${server.name} answers ${done.status}`);
        continue;
      }
      rates.get(server)?.push(done.requests / done.seconds);
      costs.get(server)?.push((await server.cpu() - before) / done.requests);
    }
  }
  console.log(`\n${name}, ${CONNECTIONS} connections\n   ratio    req/s   CPU µs`);
  const ours = median(rates.get(servers[0] as Server) ?? []);
  for (const server of servers) {
    const rate = median(rates.get(server) ?? []);
    const cost = median(costs.get(server) ?? []);
    console.log(
      `  ${(rate / ours).toFixed(2).padStart(6)} ${rate.toFixed(0).padStart(8)} ${
        (Number.isNaN(cost) ? "" : cost.toFixed(0)).padStart(8)
      }   ${server.name}`,
    );
  }
}
