/** The same trivial handler on each host; `node:http` without Fetch is the reference. */
import type { Options, Table } from "../support/options.ts";
import { cleanUp, startAll } from "../support/processes.ts";
import { race, type Row } from "../support/race.ts";
import { bytes } from "../support/trivial.ts";

const browser = {
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-encoding": "gzip, deflate, br, zstd",
  "accept-language": "en-GB,en;q=0.9",
  cookie: "session=0123456789abcdef; theme=dark",
};
const rows: readonly Row[] = [
  { name: "1 KiB", path: "/bytes", status: 200, content: bytes },
  {
    name: "1 KiB, reads four fields",
    path: "/fields",
    status: 200,
    content: bytes,
    fields: browser,
  },
  { name: "1 KiB from a promise", path: "/promise", status: 200, content: bytes },
  {
    name: "64 KiB as a stream",
    path: "/stream",
    status: 200,
    content: Buffer.concat(Array(64).fill(bytes)),
  },
  {
    name: "POST 64 KiB that is read",
    path: "/read",
    method: "POST",
    upload: 65536,
    status: 200,
    content: new TextEncoder().encode("65536"),
  },
];

export async function hostSuite(options: Options): Promise<readonly Table[]> {
  const running = await startAll("host", { directory: "", upstream: "" }, options, "node:http");
  const tables = await race("host", rows, running, options);
  cleanUp();
  return tables;
}
