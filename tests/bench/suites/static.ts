/** Files: contenders serve the same directory; nginx is the reference. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Options, Table } from "../support/options.ts";
import { cleanUp, startAll, temporaryFolder } from "../support/processes.ts";
import { race, type Row } from "../support/race.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Writes the files and tells their contents. */
export function writeSite(directory: string): Readonly<Record<string, Uint8Array>> {
  const text = (size: number): Buffer =>
    Buffer.from("<p>handwerk</p>\n".repeat(size / 16 + 1)).subarray(0, size);
  const script = text(64 * KIB);
  const files = {
    "200b.html": text(200),
    "1k.html": text(KIB),
    "4k.html": text(4 * KIB),
    "64k.js": script,
    "packed.js": script,
    "packed.js.gz": gzipSync(script, { level: 9 }),
    "1m.bin": Buffer.alloc(MIB, "handwerk"),
    "10m.bin": Buffer.alloc(10 * MIB, "handwerk"),
    "100m.bin": Buffer.alloc(100 * MIB, "handwerk"),
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content);
  }
  return files;
}

export async function staticSuite(options: Options): Promise<readonly Table[]> {
  const directory = temporaryFolder();
  const files = writeSite(directory);
  const whole = (name: string, path: string, connections = 32): Row => ({
    name,
    path: `/${path}`,
    status: 200,
    content: files[path],
    connections,
  });
  const range = files["1m.bin"]?.subarray(1000, 5096);
  const rows: readonly Row[] = [
    whole("200 B", "200b.html"),
    whole("4 KiB", "4k.html"),
    whole("64 KiB", "64k.js"),
    whole("1 MiB", "1m.bin"),
    { ...whole("100 MiB", "100m.bin", 4), patience: 3 },
    { name: "304", path: "/4k.html", status: 304, conditional: true },
    {
      name: "a range of 4 KiB",
      path: "/1m.bin",
      status: 206,
      content: range,
      fields: { range: "bytes=1000-5095" },
    },
    {
      name: "precompressed",
      path: "/packed.js",
      status: 200,
      content: files["packed.js.gz"],
      fields: { "accept-encoding": "gzip" },
      field: ["content-encoding", /^gzip$/],
    },
    { name: "miss", path: "/nowhere.html", status: 404 },
  ];
  const running = await startAll("static", { directory, upstream: "" }, options, "nginx");
  const tables = await race("static", rows, running, options);
  cleanUp();
  return tables;
}
