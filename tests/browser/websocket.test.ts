/** A development server that reloads its page, behind the proxy, in a real browser. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { type WebSocket, WebSocketServer } from "ws";
import { notFound, proxy } from "handwerk";
import { type RunningServer, serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";

/** It asks for updates below its own path, and again when the connection is lost. */
const PAGE = `<!doctype html><title>Hot</title><p id="seen">nothing</p><script>
  const seen = document.querySelector("#seen");
  const listen = () => {
    const socket = new WebSocket(new URL("hot", location.href), ["other", "hot"]);
    socket.onopen = () => socket.send("protocol " + socket.protocol);
    socket.onmessage = ({ data }) => data === "reload" ? location.reload() : seen.textContent = data;
    socket.onclose = () => setTimeout(listen, 50);
  };
  listen();
</script>`;

const upstream = createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
});
const server = new WebSocketServer({
  server: upstream,
  path: "/hot",
  handleProtocols: (offered) => offered.has("hot") && "hot",
});
const connected: WebSocket[] = [];
const heard: string[] = [];
server.on("connection", (socket) => {
  connected.push(socket);
  socket.on("message", (data: Buffer) => void heard.push(data.toString()));
  socket.on("error", () => {});
});

let front: RunningServer;
let browser: Browser | undefined;
before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
  const app = proxy({ "/dev": { target, removePrefix: true } })(notFound);
  front = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server.close();
  upstream.closeAllConnections();
  upstream.close();
});

test("a page gets its updates, reloads, and connects again", { skip }, async () => {
  assert.ok(browser);
  const page = await browser.newPage();
  const until = async (count: number): Promise<WebSocket> => {
    while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    const last = connected.at(-1);
    assert.ok(last);
    return last;
  };
  await page.goto(`${front.url}dev/`);
  const first = await until(1);
  first.send("an update ✓");
  await page.getByText("an update ✓").waitFor();
  first.send("reload");
  const second = await until(2);
  await page.getByText("nothing").waitFor();
  second.terminate();
  const third = await until(3);
  third.send("again");
  await page.getByText("again").waitFor();
  assert.deepEqual(heard, Array(3).fill("protocol hot"));
  // The page has its tunnel still, which must not keep the server.
  await front.close();
  await page.close();
});
