/** WebSocket through the proxy on every host, with a real client and a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { type Host, relays } from "../support/hosts.ts";
import { rawRequest } from "../support/raw_request.ts";

for (const [name, begin] of Object.entries(relays)) {
  /** Whether messages are relayed, and not bytes. */
  const byMessage = name === "Deno" || name === "Bun";
  describe(`WebSocket on ${name}`, () => {
    let host: Host;
    let accepted: { socket: WebSocket; request: IncomingMessage }[] = [];
    const upstream = createServer((_, response) => response.end("plain"));
    const server = new WebSocketServer({
      server: upstream,
      handleProtocols: (offered) => offered.has("b") && "b",
      verifyClient: ({ req }, answer) => {
        if (req.url === "/refuse") answer(false, 403, "No", { "x-why": "because" });
        else answer(true);
      },
    });
    server.on("headers", (lines) => lines.push("Set-Cookie: a=1; Path=/", "X-From: upstream"));
    server.on("connection", (socket, request) => {
      accepted.push({ socket, request });
      socket.on("error", () => {});
      if (request.url === "/echo") {
        socket.on("message", (data, binary) => socket.send(data, { binary }));
      }
    });
    before(async () => {
      await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
      host = await begin(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`);
    });
    after(async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      upstream.closeAllConnections();
      upstream.close();
      await host.stop();
    });

    const open = async (
      path: string,
      protocols: string[] = [],
      headers = {},
      mount = "/live",
    ): Promise<{
      client: WebSocket;
      upstream: WebSocket;
      request: IncomingMessage;
    }> => {
      accepted = [];
      const client = new WebSocket(`ws://127.0.0.1:${host.port}${mount}${path}`, protocols, {
        headers,
        perMessageDeflate: true,
      });
      client.on("error", () => {});
      await once(client, "open");
      const [first] = accepted;
      assert.ok(first);
      return { client, upstream: first.socket, request: first.request };
    };
    const closed = async (socket: WebSocket): Promise<{ code: number; reason: string }> => {
      const [code, reason] = await once(socket, "close") as [number, Buffer];
      return { code, reason: reason.toString() };
    };

    test("relays messages in both directions unchanged", async () => {
      const { client } = await open("/echo");
      const long = "ä".repeat(500_000);
      for (const message of ["", "text", "\u{feff}mark", Buffer.from([0, 255, 128]), long]) {
        client.send(message);
        const [data, binary] = await once(client, "message") as [Buffer, boolean];
        assert.equal(binary, typeof message !== "string");
        assert.ok(data.equals(Buffer.from(message)));
      }
      client.close();
      await closed(client);
    });

    test("forwards subprotocols, Origin and cookies", async () => {
      const { client, request } = await open("/echo", ["a", "b"], {
        origin: "http://front.example",
        cookie: "c=1",
      });
      assert.equal(client.protocol, "b");
      assert.equal(request.headers["sec-websocket-protocol"]?.replaceAll(" ", ""), "a,b");
      assert.equal(request.headers.origin, "http://front.example");
      assert.equal(request.headers.cookie, "c=1");
      if (name !== "Workers") {
        assert.equal(request.headers["x-forwarded-host"], `127.0.0.1:${host.port}`);
      }
      client.terminate();
    });

    test("sets no cookies for a target without credentials", async () => {
      for (
        const [place, cookies] of [["live", ["a=1; Path=/live"]], ["strange", undefined]] as const
      ) {
        const client = new WebSocket(`ws://127.0.0.1:${host.port}/${place}/quiet`);
        client.on("error", () => {});
        const opened = once(client, "open");
        const [{ headers }] = await once(client, "upgrade") as [IncomingMessage];
        assert.equal(headers["x-from"], "upstream");
        assert.deepEqual(headers["set-cookie"], cookies);
        await opened;
        client.terminate();
      }
    });

    test("forwards a refused upgrade", async () => {
      const client = new WebSocket(`ws://127.0.0.1:${host.port}/live/refuse`);
      client.on("error", () => {});
      const [, response] = await once(client, "unexpected-response") as [unknown, IncomingMessage];
      assert.equal(response.statusCode, 403);
      assert.equal(response.headers["x-why"], "because");
      response.destroy();
    });

    test("closes with the code and reason of the side that closes", async () => {
      for (const [code, reason] of [[1000, "done"], [1001, ""], [4321, "grüße"]] as const) {
        const one = await open("/quiet");
        const ended = closed(one.client);
        one.upstream.close(code, reason);
        assert.deepEqual(await ended, { code, reason });
        const two = await open("/quiet");
        const seen = closed(two.upstream);
        two.client.close(code, reason);
        assert.deepEqual(await seen, { code, reason });
      }
    });

    test("a lost connection never looks like a clean close", async () => {
      const one = await open("/quiet");
      const ended = closed(one.client);
      one.upstream.terminate();
      assert.ok([1006, 1011].includes((await ended).code));
      const two = await open("/quiet");
      const seen = closed(two.upstream);
      two.client.terminate();
      assert.ok([1006, 1011].includes((await seen).code));
    });

    test("answers a ping, from the upstream or itself", async () => {
      const { client, upstream } = await open("/quiet");
      client.ping("c");
      await once(client, "pong");
      upstream.ping("u");
      await once(upstream, "pong");
      client.terminate();
    });

    test("stops reading an upstream whose client does not read", async (t) => {
      const { client, upstream } = await open("/quiet");
      client.pause();
      const chunk = new Uint8Array(256 * 1024);
      let sent = 0;
      // Some of it fits into the buffers on the way; not a hundred times as much.
      const flood = async (): Promise<void> => {
        while (sent < 100 * 1024 * 1024) {
          const gone = new Promise<void>((resolve) => upstream.send(chunk, () => resolve()));
          const stuck = new Promise((resolve) => setTimeout(resolve, 1500, "stuck"));
          if (await Promise.race([gone, stuck]) === "stuck") return;
          sent += chunk.length;
        }
      };
      await flood();
      t.diagnostic(`${sent} bytes were on the way`);
      assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes`);
      client.terminate();
      upstream.terminate();
    });

    test("bytes behind the request to upgrade are held back, and never parsed as a request", async () => {
      accepted = [];
      const { text } = await rawRequest(
        host.port,
        "GET /live/refuse HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
          "GET /echo HTTP/1.1\r\nHost: smuggled\r\n\r\n",
        500,
      );
      // Bun closes the connection of a client that goes on.
      assert.ok(text.startsWith("HTTP/1.1 403 ") || (name === "Bun" && text === ""), text);
      assert.equal(accepted.length, 0);
      const { status } = await rawRequest(
        host.port,
        "GET /live/echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Content-Length: 44\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
          "GET /echo HTTP/1.1\r\nHost: smuggled\r\n\r\n",
        500,
      );
      assert.ok(status >= 400, String(status));
      assert.equal(accepted.length, 0);
    });

    test("forwards other requests, and other upgrades, as plain requests", async () => {
      const url = `http://127.0.0.1:${host.port}/live/x`;
      assert.equal(await (await fetch(url)).text(), "plain");
      const { status } = await rawRequest(
        host.port,
        "GET /live/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
          "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        500,
      );
      assert.equal(status, 200);
    });

    test("survives clients and upstreams that vanish at any moment", async () => {
      const reset = (socket: Socket): void => void socket.resetAndDestroy();
      upstream.prependOnceListener("upgrade", (request) => reset(request.socket));
      const lost = new WebSocket(`ws://127.0.0.1:${host.port}/live/echo`);
      lost.on("error", () => {});
      const [, response] = await once(lost, "unexpected-response") as [unknown, IncomingMessage];
      assert.equal(response.statusCode, 502);
      response.destroy();
      for (let i = 0; i < 10; i++) {
        const client = new WebSocket(`ws://127.0.0.1:${host.port}/live/echo`);
        client.on("error", () => {});
        setTimeout(() => client.terminate(), i);
      }
      const { client, upstream: other } = await open("/echo");
      client.send("x");
      client.terminate();
      other.terminate();
      assert.equal(await (await fetch(`http://127.0.0.1:${host.port}/live/x`)).text(), "plain");
    });

    // There, the tunnel is the runtime's own.
    if (name !== "Workers") {
      test("closes both sides after the idle timeout", async () => {
        const { client, upstream } = await open("/echo", [], {}, "/brief");
        client.send("x");
        await once(client, "message");
        await Promise.all([closed(client), closed(upstream)]);
      });
    }

    if (byMessage) {
      test("closes when the upstream is too slow", async () => {
        const { client, upstream } = await open("/quiet");
        upstream.pause();
        const ended = closed(client);
        let sent = 0;
        const chunk = new Uint8Array(256 * 1024);
        while (client.readyState === WebSocket.OPEN && sent < 100 * 1024 * 1024) {
          await new Promise((resolve) => client.send(chunk, resolve));
          sent += chunk.length;
        }
        // Deno resets what goes on sending.
        assert.ok([1013, 1006].includes((await ended).code));
      });

      test("closes when the upstream sends invalid frames", async () => {
        const { client, upstream } = await open("/quiet");
        const ended = closed(client);
        const { _socket: socket } = upstream as unknown as { _socket: Socket };
        socket.write(Buffer.from([0xf1, 0x01, 0x61]));
        assert.equal((await ended).code, 1011);
      });
    }
  });
}
