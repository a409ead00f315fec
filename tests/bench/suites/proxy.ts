/** Proxies before the same upstream, an nginx on the core of the load; nginx is the reference. */
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { nginx } from "../support/nginx.ts";
import { digits, matches, median, type Options, print, type Table } from "../support/options.ts";
import { cleanUp, type Running, startAll, temporaryFolder } from "../support/processes.ts";
import { race, type Row } from "../support/race.ts";
import { writeSite } from "./static.ts";

const EVENTS = 100;

export async function proxySuite(options: Options): Promise<readonly Table[]> {
  const directory = temporaryFolder();
  const files = writeSite(directory);
  const events = createServer((_, sink) => {
    sink.writeHead(200, { "content-type": "text/event-stream" });
    sink.write("data: first\n\n");
  });
  await new Promise<void>((resolve) => events.listen(0, "127.0.0.1", resolve));
  const { port: eventPort } = events.address() as AddressInfo;
  const { port } = await nginx(`root ${directory};
    location /taken { proxy_pass http://127.0.0.1:$server_port/answer; }
    location /answer { return 200 "taken"; }
    location /events { proxy_pass http://127.0.0.1:${eventPort}; proxy_buffering off; }`);
  const rows: readonly Row[] = [
    { name: "1 KiB", path: "/1k.html", status: 200, content: files["1k.html"] },
    { name: "4 KiB", path: "/4k.html", status: 200, content: files["4k.html"] },
    { name: "64 KiB", path: "/64k.js", status: 200, content: files["64k.js"] },
    {
      name: "10 MiB",
      path: "/10m.bin",
      status: 200,
      content: files["10m.bin"],
      connections: 32,
      patience: 3,
    },
    {
      name: "POST 1 MiB",
      path: "/taken",
      method: "POST",
      upload: 2 ** 20,
      status: 200,
      content: new TextEncoder().encode("taken"),
      connections: 8,
      patience: 3,
    },
  ];
  const site = { directory, upstream: `http://127.0.0.1:${port}` };
  const running = await startAll("proxy", site, options, "nginx");
  const tables = [...await race("proxy", rows, running, options)];
  if (matches("event latency", options.rows)) tables.push(print(await latency(running)));
  cleanUp();
  events.closeAllConnections();
  events.close();
  return tables;
}

/** How long the first event of a stream that goes on takes to arrive. */
async function latency(running: readonly Running[]): Promise<Table> {
  const rows: [string, string, string][] = [];
  for (const { name, version, runtime, port } of running) {
    const times: number[] = [];
    for (let i = 0; i < EVENTS; i++) times.push(await firstEvent(port).catch(() => NaN));
    const arrived = times.filter(Number.isFinite).toSorted((a, b) => a - b);
    const late = arrived[Math.floor(arrived.length * 0.99)] ?? NaN;
    const cells = arrived.length < EVENTS ? ["—", "—"] : [digits(median(arrived)), digits(late)];
    rows.push([`${name} ${version} (${runtime})`, cells[0] ?? "", cells[1] ?? ""]);
  }
  return {
    title: "proxy: event latency, one connection at a time",
    columns: ["contender", "median ms", "p99 ms"],
    rows,
    note: `${EVENTS} streams of events; a dash where an event did not come within two seconds.`,
  };
}

function firstEvent(port: number): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { port, host: "127.0.0.1", path: "/events", agent: false },
      (response) => {
        response.once("data", (chunk: Buffer) => {
          if (chunk.toString().includes("data: first")) resolve(performance.now() - start);
          sent.destroy();
        });
        response.on("error", reject);
      },
    );
    sent.setTimeout(2000, () => sent.destroy(new Error("no event")));
    sent.on("error", reject).end();
  });
}
