/** The proxy between a client and an upstream that are made of sockets, on every host. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Host, relays } from "../support/hosts.ts";
import { rawRequest, type RawResponse } from "../support/raw_request.ts";
import { type Connection, type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

for (const [name, begin] of Object.entries(relays)) {
  describe(`what crosses the wire on ${name}`, () => {
    let host: Host;
    let upstream: RawUpstream;
    let heads: string[] = [];
    let current: Connection | undefined; // which the last request came over
    before(async () => {
      upstream = await rawUpstream();
      host = await begin(upstream.url);
    });
    after(async () => {
      upstream.close();
      await host.stop();
    });
    const clients: Socket[] = [];
    afterEach(() => {
      for (const client of clients) client.destroy();
      heads = [];
      current = undefined;
    });

    const answer = (act: string | Uint8Array | ((connection: Connection) => void)): void => {
      upstream.onRequest = (connection, head) => {
        heads.push(head);
        current = connection;
        if (typeof act === "function") act(connection);
        else connection.write(typeof act === "string" ? Buffer.from(act, "latin1") : act);
      };
    };
    const ask = (line: string, fields = "", body = ""): Promise<RawResponse> =>
      rawRequest(
        host.port,
        `${line} HTTP/1.1\r\nHost: front.example\r\nConnection: close\r\n${fields}\r\n${body}`,
        1500,
      );
    /** A client that stays, with what it has received. */
    const client = async (bytes: string): Promise<{ socket: Socket; text: () => string }> => {
      const socket = connect(host.port, "127.0.0.1");
      clients.push(socket);
      let text = "";
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      await once(socket, "connect");
      socket.write(Buffer.from(bytes, "latin1"));
      return { socket, text: () => text };
    };
    const when = async (holds: () => boolean): Promise<void> => {
      for (let i = 0; i < 1000 && !holds(); i++) await sleep(5);
      assert.ok(holds());
    };
    const last = (): Connection | undefined => current;

    test("the path and the Host are as configured", async () => {
      answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await ask("GET /live/%2F%7e/a;b?q=%2F&=//x");
      assert.match(heads[0] ?? "", /^GET \/%2F%7e\/a;b\?q=%2F&=\/\/x HTTP\/1\.1\r\n/);
      assert.match(heads[0] ?? "", new RegExp(`^host: ${new URL(upstream.url).host}\r$`, "im"));
    });

    test("several cookies, and content with its length, arrive", async () => {
      answer(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2, c\r\nContent-Length: 4\r\n\r\nbody",
      );
      const { head, body } = await ask("GET /live/x");
      assert.deepEqual(head.match(/^set-cookie: .*$/gim)?.map((line) => line.slice(12)), [
        "a=1",
        "b=2, c",
      ]);
      assert.match(head, /^content-length: 4\r?$/im);
      assert.equal(body, "body");
    });

    test("compressed content, as it is", async () => {
      const gzip = gzipSync("compressed ".repeat(100));
      const fields = `Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
      answer(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`), gzip]));
      const { head, text } = await ask("GET /live/x", "Accept-Encoding: gzip\r\n");
      assert.match(head, /^content-encoding: gzip\r?$/im);
      assert.ok(text.includes(gzip.toString("latin1")));
    });

    test("a range of compressed content", async () => {
      const part = gzipSync("compressed ".repeat(100)).subarray(5, 25);
      const fields = "Content-Encoding: gzip\r\nContent-Range: bytes 5-24/50\r\n";
      const head = `HTTP/1.1 206 Partial Content\r\n${fields}Content-Length: 20\r\n\r\n`;
      answer(Buffer.concat([Buffer.from(head), part]));
      const response = await ask("GET /live/x", "Accept-Encoding: gzip\r\nRange: bytes=5-24\r\n");
      assert.equal(response.status, 206);
      assert.match(response.head, /^content-encoding: gzip\r?$/im);
      assert.ok(response.text.includes(part.toString("latin1")));
    });

    test("a redirect, as it is", async () => {
      answer("HTTP/1.1 302 Found\r\nLocation: http://else.example/?\r\nContent-Length: 0\r\n\r\n");
      const { status, head } = await ask("GET /live/x");
      assert.equal(status, 302);
      assert.match(head, /^location: http:\/\/else\.example\/\?\r?$/im);
    });

    test("an upload of a length and one in chunks", async () => {
      answer((connection) => {
        void connection.until(/\r\n0\r\n\r\n$|content$/).then(() =>
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        );
      });
      const sized = await ask("POST /live/x", "Content-Length: 7\r\n", "content");
      assert.match(sized.text, /ok/);
      assert.match(heads[0] ?? "", /^content-length: 7\r$/im);
      const chunked = await ask(
        "PUT /live/x",
        "Transfer-Encoding: chunked\r\n",
        "3\r\ncon\r\n4\r\ntent\r\n0\r\n\r\n",
      );
      assert.match(chunked.text, /ok/);
      assert.match(heads[1] ?? "", /^transfer-encoding: chunked\r$/im);
    });

    test("an upload of nothing", async () => {
      answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      for (const method of ["POST", "PUT"]) {
        heads = [];
        assert.match((await ask(`${method} /live/x`, "Content-Length: 0\r\n")).text, /ok/);
        assert.match(heads[0] ?? "", /^content-length: 0\r$/im);
        assert.doesNotMatch(heads[0] ?? "", /^transfer-encoding/im);
      }
    });

    test("the first byte arrives at once in both directions", async () => {
      answer(() => {});
      const up = await client(
        "POST /live/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
      );
      await when(() => last()?.received.includes("first") ?? false);
      up.socket.write("0\r\n\r\n");
      await when(() => last()?.received.endsWith("0\r\n\r\n") ?? false);
      last()?.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nanswer\r\n");
      await when(() => up.text().includes("answer"));
      last()?.write("0\r\n\r\n");
    });

    for (const cut of ["end", "reset"] as const) {
      for (const framing of ["Content-Length: 100", "Transfer-Encoding: chunked"]) {
        // workerd ends chunked content as if it were whole, even that of a response it has from fetch.
        if (name === "Workers" && framing.endsWith("chunked")) continue;
        test(`a download (${framing}) that is cut by ${cut} never looks complete`, async () => {
          answer(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n5\r\nfirst\r\n`);
          const down = await client("GET /live/x HTTP/1.1\r\nHost: h\r\n\r\n");
          await when(() => down.text().includes("first"));
          const closed = new Promise((resolve) => down.socket.once("close", resolve));
          last()?.[cut]();
          await closed;
          assert.doesNotMatch(down.text(), /\r\n0\r\n\r\n$/);
          const length = /content-length: (\d+)/i.exec(down.text())?.[1];
          const [, body = ""] = down.text().split("\r\n\r\n");
          assert.ok(length === undefined || body.length < Number(length));
        });
      }
    }

    for (const framing of ["Content-Length: 100", "Transfer-Encoding: chunked"]) {
      test(`an upload (${framing}) that is cut never looks complete`, async () => {
        answer(() => {});
        const up = await client(
          `POST /live/x HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n5\r\nfirst\r\n`,
        );
        await when(() => last()?.received.includes("first") ?? false);
        const connection = last();
        up.socket.resetAndDestroy();
        await connection?.closed;
        assert.doesNotMatch(connection?.received ?? "", /\r\n0\r\n\r\n$/);
      });
    }

    test("a client disconnect during a response closes the connection to the upstream", async () => {
      answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
      const down = await client("GET /live/x HTTP/1.1\r\nHost: h\r\n\r\n");
      await when(() => down.text().includes("first"));
      down.socket.destroy();
      // Workers notice when there is more to be written.
      const more = setInterval(() => last()?.write("4\r\nmore\r\n"), 50);
      await last()?.closed;
      clearInterval(more);
    });

    test("an early response to an upload, and the next request", async () => {
      answer("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
      const up = await client(
        "POST /live/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nfirst",
      );
      await when(() => up.text().includes("no"));
      up.socket.destroy();
      answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
      for (let i = 0; i < 3; i++) assert.match((await ask("GET /live/next")).text, /next/);
    });

    test("a POST on a kept connection that was closed is sent at most once", async () => {
      answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await ask("GET /live/first");
      answer((connection) => connection.reset());
      for (const method of ["POST", "PATCH"]) {
        for (const body of ["", "content"]) {
          heads = [];
          const length = `Content-Length: ${body.length}\r\n`;
          const { status } = await ask(`${method} /live/x`, length, body);
          assert.equal(status, 502);
          assert.equal(heads.length, 1);
        }
      }
    });
  });
}
