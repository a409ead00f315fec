import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Listening, Site } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";

export const name = "node:http";
export const version = process.versions.node;
export const runtime = "node";
// What one writes by hand; it is no server for the open internet.
export const start = ({ directory }: Site): Promise<Listening> =>
  listen((message, sink) => {
    const path = join(directory, message.url ?? "");
    const send = async (): Promise<void> => {
      const { size, mtime } = await stat(path);
      sink.writeHead(200, { "content-length": size, "last-modified": mtime.toUTCString() });
      createReadStream(path).pipe(sink);
    };
    send().catch(() => sink.writeHead(404).end());
  });
