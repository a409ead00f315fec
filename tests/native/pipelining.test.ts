/** Pipelined requests to `listener`. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { listener } from "handwerk/node";
import { rawRequest } from "../support/raw_request.ts";

test("pipelining: one handler runs at a time for each connection, in order", async () => {
  let [running, most] = [0, 0];
  const app: Handler = async ({ url }) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    return new Response(`${new URL(url).pathname};`);
  };
  const server = createServer(listener(app));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
  const { text } = await rawRequest(port, requests.join(""), 300);
  assert.deepEqual(text.match(/(?<=\r\n\r\n)\/\w+/g), paths);
  assert.equal(most, 1);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});
