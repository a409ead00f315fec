import { createServer } from "node:http";
import type { Listening } from "../../support/contender.ts";
import { started } from "../../support/listen.ts";
import { bytes, fields, names } from "../../support/trivial.ts";

export const name = "node:http";
export const version = process.versions.node;
export const runtime = "node";
export const start = (): Promise<Listening> =>
  started(createServer({ optimizeEmptyRequests: true }, (message, sink) => {
    const { url = "" } = message;
    const send = (content: Uint8Array | string, more: object = {}): void => {
      sink.writeHead(200, { ...fields, ...more, "content-length": content.length });
      sink.end(content);
    };
    if (url === "/bytes") return send(bytes);
    if (url === "/fields") {
      const length = names.reduce(
        (sum, name) => sum + String(message.headers[name] ?? "").length,
        0,
      );
      return send(bytes, { "x-length": `${message.method} ${length}` });
    }
    if (url === "/promise") return void Promise.resolve().then(() => send(bytes));
    if (url === "/stream") {
      sink.writeHead(200, fields);
      let left = 64;
      const more = (): void => {
        while (left-- > 0) if (!sink.write(bytes)) return void sink.once("drain", more);
        sink.end();
      };
      return more();
    }
    let length = 0;
    message.on("data", (chunk: Uint8Array) => (length += chunk.length));
    message.on("end", () => send(String(length)));
  }));
