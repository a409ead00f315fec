/** What a transport makes of the options of a connection, as far as it can; it says how far. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import {
  type Handler,
  notFound,
  proxy,
  proxyTo,
  type TargetOptions,
  type Transport,
} from "handwerk";
import { certificates } from "./certificates.ts";
import {
  DATA,
  END_HEADERS,
  frame,
  HEADERS,
  number,
  OK,
  rawHttp2,
  RST_STREAM,
} from "./raw_http2.ts";
import { rawUpstream } from "./raw_upstream.ts";
import { temporary } from "./temp.ts";

/** Registers the tests for a transport. */
export function connectionTests(name: string, transport: Transport): void {
  const can = transport.capabilities;
  const through = (options: TargetOptions): Handler =>
    proxy({ "/": options }, { onError: () => {}, transport })(notFound);
  const get = (options: TargetOptions, headers = {}): Response | Promise<Response> =>
    through(options)(new Request("http://front/x", { headers }));
  const listen = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };

  describe(`${name}: TLS`, () => {
    if (!can.has("tls")) {
      test("is as the runtime has it", () => {
        assert.throws(() => through({ target: "https://x/", tls: { ca: "" } }), /cannot use tls/);
      });
      return;
    }
    const { ca, sign } = certificates();
    const local = sign("localhost");
    const evil = sign("evil.example");
    const servers: Server[] = [];
    let port: number;
    let evilPort: number;
    before(async () => {
      for (const certificate of [local, evil]) {
        const options = { ...certificate, ca, requestCert: true, rejectUnauthorized: false };
        servers.push(createTlsServer(options, (socket) => {
          socket.on("error", () => {});
          socket.once("data", (head: Buffer) => {
            const host = /^host: (.*)\r$/im.exec(head.toString())?.[1];
            const { subject } = socket.getPeerCertificate();
            const text = `${host} ${String(subject?.CN)}`;
            socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
          });
        }));
      }
      [port = 0, evilPort = 0] = await Promise.all(servers.map(listen));
    });
    after(() => {
      for (const server of servers) server.close();
    });

    test("trusts the authorities of ca, for this target only", async () => {
      const target = `https://localhost:${port}/`;
      const trusted = await get({ target, tls: { ca } });
      assert.equal(trusted.status, 200);
      assert.match(await trusted.text(), new RegExp(`^localhost:${port} `));
      assert.equal((await get({ target })).status, 502);
      assert.equal((await get({ target, tls: { ca: [evil.cert, ca] } })).status, 200);
    });

    test("checks the certificate for the name of the target, whatever the client's Host", async () => {
      const options = { tls: { ca }, host: null };
      const headers = { host: "evil.example" };
      const good = await get({ ...options, target: `https://localhost:${port}/` }, headers);
      assert.match(await good.text(), /^(?:evil\.example|front) /);
      for (const host of ["localhost", "127.0.0.1"]) {
        const bad = await get({ ...options, target: `https://${host}:${evilPort}/` }, headers);
        assert.equal(bad.status, 502, host);
      }
      assert.equal((await get({ target: `https://127.0.0.1:${port}/`, tls: { ca } })).status, 502);
    });

    test("sends the name of the target as SNI, whatever the client's Host", async () => {
      const upstream = await rawUpstream();
      for (const host of ["localhost", "127.0.0.1"]) {
        const target = `${upstream.url.replace("http:", "https:").replace("127.0.0.1", host)}/`;
        const asked = get({ target, host: "evil.example" });
        while (!upstream.connections.at(-1)?.received) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const hello = upstream.connections.at(-1)?.received ?? "";
        upstream.connections.at(-1)?.end();
        assert.equal((await asked).status, 502);
        assert.equal(hello.includes("localhost"), host === "localhost");
        assert.ok(!hello.includes("evil") && !hello.includes("127.0"), hello);
        upstream.connections.pop();
      }
      upstream.close();
    });

    test("sends the client certificate, to this target only", async () => {
      const target = `https://localhost:${port}/`;
      const shown = await get({ target, tls: { ca, ...evil } });
      assert.match(await shown.text(), / evil\.example$/);
      const hidden = await get({ target, tls: { ca } });
      assert.match(await hidden.text(), / undefined$/);
    });

    test("accepts any certificate with rejectUnauthorized: false, where supported, from this target only", async () => {
      const options = { target: `https://127.0.0.1:${port}/`, tls: { rejectUnauthorized: false } };
      if (!can.has("insecureTls")) {
        return assert.throws(() => through(options), /rejectUnauthorized must be true/);
      }
      assert.equal((await get(options)).status, 200);
      assert.equal((await get({ ...options, tls: { ca } })).status, 502);
    });

    test("sends servername as SNI, where supported", async () => {
      const target = `https://127.0.0.1:${port}/`;
      const options = { target, tls: { ca, servername: "localhost" } };
      if (!can.has("servername")) {
        return assert.throws(() => through(options), /servername cannot be chosen/);
      }
      assert.equal((await get(options)).status, 200);
      assert.equal((await get({ target, tls: { ca, servername: "other.example" } })).status, 502);
    });

    test("uses HTTP/2 with an upstream that agrees, where supported", async () => {
      const server = http2.createSecureServer(
        { ...local, allowHTTP1: true },
        (request, response) => {
          const { ":authority": authority, host } = request.headers;
          response.end(`${request.httpVersion} ${request.url} ${authority ?? host}`);
        },
      );
      // Node 22 waits for sessions that nobody uses.
      server.on("session", (session) => session.unref());
      const options = { target: `https://localhost:${await listen(server)}/`, tls: { ca } };
      if (!can.has("http2")) {
        assert.throws(() => through({ ...options, http2: true }), /cannot use http2/);
      } else {
        const port = new URL(options.target).port;
        const two = await get({ ...options, http2: true });
        assert.equal(await two.text(), `2.0 /x localhost:${port}`);
        const other = await get({ ...options, http2: true, host: "other.example" });
        assert.match(await other.text(), /^(?:2\.0|1\.1) \/x other\.example$/);
      }
      const one = await get(options);
      assert.match(await one.text(), /^1\.1 \/x /);
      server.close();
    });
  });

  test(`${name}: an HTTP/2 response that is reset is incomplete, where supported`, async () => {
    const target = "https://localhost/";
    if (!can.has("http2")) {
      return assert.throws(() => through({ target, http2: true }), /cannot use http2/);
    }
    const { ca, sign } = certificates();
    for (const code of [0, 2, 8]) {
      const upstream = await rawHttp2(sign("localhost"));
      upstream.onFrame = ({ type, stream }, connection) => {
        if (type !== HEADERS) return;
        connection.write(frame(HEADERS, END_HEADERS, stream, OK));
        connection.write(frame(DATA, 0, stream, Buffer.alloc(1000)));
        setTimeout(() => connection.write(frame(RST_STREAM, 0, stream, number(code))), 20);
      };
      const response = await get({ target: upstream.url, tls: { ca }, http2: true });
      assert.equal(response.status, 200);
      await assert.rejects(async () => await response.arrayBuffer(), `code ${code}`);
      upstream.close();
    }
  });

  test(`${name}: uses HTTP/2 with prior knowledge, where supported`, async () => {
    const server = http2.createServer((request, response) => {
      response.end(`${request.httpVersion} ${request.url} ${request.headers[":authority"]}`);
    });
    server.on("session", (session) => session.unref());
    const port = await listen(server);
    const options: TargetOptions = {
      target: `http://127.0.0.1:${port}/`,
      http2: "prior knowledge",
      host: "virtual.example",
    };
    if (can.has("priorKnowledge")) {
      assert.equal(await (await get(options)).text(), "2.0 /x virtual.example");
    } else assert.throws(() => through(options), /http2/);
    server.close();
  });

  test(`${name}: connects to a Unix socket, where supported`, async () => {
    const socketPath = join(temporary({}), "socket");
    const options: TargetOptions = { target: "http://inside/", socketPath };
    if (!can.has("unix")) return assert.throws(() => through(options), /cannot use socketPath/);
    let seen = "";
    const server = createServer((socket) => {
      socket.once("data", (chunk: Buffer) => {
        seen = chunk.toString();
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    assert.equal(await (await get(options)).text(), "ok");
    assert.match(seen, /^GET \/x HTTP\/1\.1\r\n/);
    assert.match(seen, /^host: inside\r$/im);
    server.close();
  });

  test(`${name}: calls onConnected for a new and for a kept connection, where supported`, async () => {
    const upstream = await rawUpstream();
    const url = new URL(upstream.url);
    const { signal } = new AbortController();
    const request = { url, method: "GET", host: url.host, fields: [], body: null, signal };
    let told = 0;
    const onConnected = (): void => void told++;
    for (const times of [1, 2]) {
      const { body } = await transport.send({ ...request, onConnected });
      await new Response(body).text();
      await new Promise((resolve) => setTimeout(resolve)); // now the connection is free again
      if (can.has("connected")) assert.equal(told, times);
    }
    if (can.has("connected")) assert.equal(upstream.connections.length, 1);
    upstream.onRequest = (connection) => connection.end();
    const fields = [["connection", "upgrade"], ["upgrade", "x"]] as const;
    const asked = transport.upgrade?.({ ...request, fields, upgrade: "x", onConnected });
    await asked?.catch(() => {});
    if (can.has("connected")) assert.equal(told, 3);
    upstream.close();
  });

  test(`${name}: times out a slow TLS handshake, where supported`, async () => {
    const upstream = await rawUpstream(); // which is silent, as no request comes in plain
    const target = upstream.url.replace("http:", "https:");
    const app = (): Handler =>
      proxyTo(target, { onError: () => {}, transport, timeout: { connect: 100 } });
    if (!can.has("connected")) assert.throws(app, /timeout\.connect needs a transport/);
    else {
      for (const headers of [{}, { connection: "upgrade", upgrade: "websocket" }]) {
        const response = await app()(new Request("http://front/", { headers }));
        assert.equal(response.status, 504);
        assert.match(response.headers.get("proxy-status") ?? "", /error=connection_timeout/);
      }
      for (const connection of upstream.connections) await connection.closed;
    }
    upstream.close();
  });

  test(`${name}: gives 1xx responses and trailers, where supported`, async () => {
    const upstream = await rawUpstream();
    upstream.onRequest = (connection) =>
      connection.write(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n" +
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" +
          "2\r\nok\r\n0\r\nX-Sum: caf\xe9\r\nx-sum: 2\r\n\r\n".replace("\xe9", "e"),
      );
    const told: unknown[] = [];
    const url = new URL(upstream.url);
    const response = await transport.send({
      url,
      method: "GET",
      host: url.host,
      fields: [],
      body: null,
      signal: new AbortController().signal,
      onInformational: (status, fields) => {
        told.push([status, fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`)]);
      },
    });
    assert.equal(response.status, 200);
    assert.equal(await new Response(response.body).text(), "ok");
    // Deno cannot tell of each response, and so does not promise to.
    if (can.has("information") || told.length > 0) {
      assert.deepEqual(told, [[103, ["link: </a>", "link: </b>"]]]);
    }
    const trailers = (await response.trailers)?.map(([name, value]) => [name.toLowerCase(), value]);
    if (can.has("trailers") || trailers) {
      assert.deepEqual(trailers, [["x-sum", "cafe"], ["x-sum", "2"]]);
    }
    upstream.close();
  });
}
