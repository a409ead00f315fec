/** Several upstreams in front of a Worker's own fetch, looked at over the wire, in workerd. */
import assert from "node:assert/strict";
import { createServer, get, type Server } from "node:http";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { bundle } from "../support/bundle.ts";

let miniflare: Miniflare;
let front: URL;
let upstream: Server;
let [now, most] = [0, 0];
before(async () => {
  upstream = createServer((request, response) => {
    if (request.url === "/slow") {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end("hello");
      }, 10);
      return undefined;
    }
    if (request.url === "/chunks") return response.write("hel"), void response.end("lo");
    response.writeHead(200, { "content-length": 5 });
    if (request.url !== "/cut") return void response.end("hello");
    response.write("hel", () => response.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => void upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  assert.ok(typeof address === "object" && address);
  const { text } = await bundle({
    text: `
      import { proxyTo } from "./src/mod.ts";
      import { concurrency } from "./src/proxy/upstreams/mod.ts";
      const url = "http://127.0.0.1:${address.port}/";
      const app = proxyTo({ target: [url, url], limit: concurrency(1, { queue: 9, queueTimeout: 60_000 }) });
      export default { fetch: (request) => app(request) };`,
  });
  miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: text }],
    compatibilityDate: "2026-07-30",
  });
  front = await miniflare.ready;
});
after(async () => {
  await miniflare.dispose();
  upstream.closeAllConnections();
  upstream.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly length: string | undefined;
  readonly content: string;
  readonly complete: boolean;
}
const ask = (path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    get(new URL(path, front), { agent: false }, (response) => {
      let content = "";
      const done = (): void =>
        resolve({
          status: response.statusCode,
          length: response.headers["content-length"],
          content,
          complete: response.complete,
        });
      response.on("data", (chunk) => void (content += String(chunk)));
      response.on("end", done).on("error", done);
    }).on("error", reject);
  });

test("a watched body keeps its length, and a cut one never looks complete", async () => {
  const whole = { status: 200, length: "5", content: "hello", complete: true };
  for (let i = 0; i < 3; i++) assert.deepEqual(await ask("/"), whole);
  assert.deepEqual(await ask("/chunks"), { ...whole, length: undefined });
  for (let i = 0; i < 2; i++) assert.equal((await ask("/cut")).complete, false);
  assert.deepEqual(await ask("/"), whole);
});

test("concurrency: requests wait for each other across request contexts", async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask("/slow")));
  for (const { status, content } of answers) assert.equal(`${status} ${content}`, "200 hello");
  assert.equal(most, 1);
});
