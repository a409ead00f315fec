/** What every transport must do, looked at from the upstream's end of the wire. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import {
  type Handler,
  notFound,
  proxy,
  type ProxyOptions,
  type TargetOptions,
  type Transport,
} from "handwerk";
import { denoTransport } from "../../src/platform/deno_adapter.ts";
import { type RawUpstream, rawUpstream } from "./raw_upstream.ts";

/** Registers the tests for the transport of the runtime, or for another one. */
export function transportTests(name: string, transport?: Transport): void {
  let upstream: RawUpstream; // a new one for each test, so that no connection is left from another
  beforeEach(async () => {
    upstream = await rawUpstream();
  });
  afterEach(() => upstream.close());

  const answer = (response: string | Uint8Array, end = false): void => {
    upstream.onRequest = (connection) => {
      connection.write(response);
      if (end) connection.end();
    };
  };
  const head = (fields: string, status = "200 OK"): string =>
    `HTTP/1.1 ${status}\r\n${fields}\r\n\r\n`;
  const lastHead = (): string => upstream.connections.at(-1)?.received.split("\r\n\r\n")[0] ?? "";
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, "im").exec(lastHead().replaceAll("\r", ""))?.[1];

  const through = (target: Partial<TargetOptions> = {}, options: ProxyOptions = {}): Handler =>
    proxy({ "/": { target: upstream.url, ...target } }, {
      onError: () => {},
      ...(transport ? { transport } : {}),
      ...options,
    })(notFound);
  test(`${name}: a request arrives with its path, query, host and fields`, async () => {
    answer(head("Content-Length: 2\r\nConnection: close") + "ok", true);
    const response = await through()(
      new Request("http://front/a%2Fb/%61?q=%2F&&", { headers: { "x-field": "one" } }),
    );
    assert.equal(await response.text(), "ok");
    assert.equal(lastHead().split("\r\n")[0], "GET /a%2Fb/%61?q=%2F&& HTTP/1.1");
    assert.equal(field("host"), new URL(upstream.url).host);
    assert.equal(field("x-field"), "one");
    assert.equal(field("transfer-encoding"), undefined);
    assert.ok([undefined, "0"].includes(field("content-length")));
  });

  test(`${name}: the option host is sent as Host`, async () => {
    answer(head("Content-Length: 0\r\nConnection: close"), true);
    await (await through({ host: "virtual.example:81" })(new Request("http://front/"))).text();
    assert.equal(field("host"), "virtual.example:81");
    assert.equal(lastHead().match(/^host:/gim)?.length, 1);
  });

  test(`${name}: no coding is requested for a client without Accept-Encoding`, async () => {
    answer(head("Content-Length: 0\r\nConnection: close"), true);
    await (await through()(new Request("http://front/"))).text();
    assert.ok([undefined, "identity"].includes(field("accept-encoding")));
  });

  const compressed = "compressed ".repeat(100);
  const codings = { gzip: gzipSync(compressed), br: brotliCompressSync(compressed) };
  const answerCoded = (coding: "gzip" | "br"): void => {
    const { length } = codings[coding];
    const fields = `Content-Encoding: ${coding}\r\nContent-Length: ${length}\r\nETag: "x"`;
    answer(Buffer.concat([Buffer.from(head(fields)), codings[coding]]));
  };

  for (const coding of ["gzip", "br"] as const) {
    for (const method of ["GET", "POST"]) {
      test(`${name}: content in ${coding} is forwarded unchanged for a ${method}`, async () => {
        answerCoded(coding);
        const headers = { "accept-encoding": "gzip, br" };
        const body = method === "POST" ? "content" : null;
        const request = new Request("http://front/", { method, headers, body });
        const response = await through()(request);
        assert.equal(response.headers.get("content-encoding"), coding);
        assert.equal(response.headers.get("content-length"), String(codings[coding].length));
        assert.equal(response.headers.get("etag"), '"x"');
        const bytes = new Uint8Array(await response.arrayBuffer());
        assert.deepEqual(bytes, new Uint8Array(codings[coding]));
        // Deno's fetch would decode what comes to an upload.
        const asked = "Deno" in globalThis && body !== null ? "identity" : "gzip, br";
        assert.equal(field("accept-encoding"), asked);
      });
    }
  }

  test(`${name}: redirects, cookies and unusual headers are forwarded`, async () => {
    answer(
      head(
        "Location: http://elsewhere/\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n" +
          "Set-Cookie: c=3, 4\r\nX-Latin: caf\xe9\r\nContent-Length: 0",
        "302 Found",
      ).replace("\xe9", "e"),
    );
    const response = await through()(new Request("http://front/"));
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "http://elsewhere/");
    assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2", "c=3, 4"]);
    await response.text();
  });

  test(`${name}: hop-by-hop headers of the response are removed`, async () => {
    answer(
      head(
        "Connection: X-Hop, keep-alive\r\nX-Hop: secret\r\nKeep-Alive: timeout=5\r\nContent-Length: 0",
      ),
    );
    const { headers } = await through()(new Request("http://front/"));
    for (const name of ["connection", "x-hop", "keep-alive", "transfer-encoding"]) {
      assert.equal(headers.get(name), null);
    }
  });

  test(`${name}: 103 Early Hints is not the final response`, async () => {
    answer(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${head("Content-Length: 2")}ok`);
    const response = await through()(new Request("http://front/"));
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "ok");
  });

  for (const method of ["GET", "POST"]) {
    test(`${name}: an unexpected 100 Continue is not the final response to ${method}`, async () => {
      const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Go on\r\nX-A: b\r\n\r\n" +
        "HTTP/1.1 102 Processing\r\n\r\n";
      // The content says what a status line would say.
      const content = "HTTP/1.1 100 Continue\r\n\r\n";
      const final = head(`Content-Length: ${content.length}\r\nX-Final: 100`) + content;
      const app = through();
      const ask = async (): Promise<void> => {
        const body = method === "POST" ? "content" : null;
        const response = await app(new Request("http://front/", { method, body }));
        assert.deepEqual([response.status, response.headers.get("x-final")], [200, "100"]);
        assert.equal(await response.text(), content);
      };
      answer(interim + final);
      await ask();
      await ask(); // on the same connection
      upstream.onRequest = async (connection) => {
        for (const byte of interim + final) {
          connection.write(byte);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      await ask();
    });
  }

  test(`${name}: responses to HEAD, 204 and 304 have no content`, async () => {
    answer(head("Content-Length: 1000"));
    const response = await through()(new Request("http://front/", { method: "HEAD" }));
    assert.equal(response.headers.get("content-length"), "1000");
    assert.equal(await response.text(), "");
    assert.match(lastHead(), /^HEAD /);
    answer(head("X: 1", "204 No Content"));
    assert.equal((await through()(new Request("http://front/"))).status, 204);
    answer(head('ETag: "x"', "304 Not Modified"));
    assert.equal((await through()(new Request("http://front/"))).status, 304);
  });

  test(`${name}: content with a length is sent with Content-Length`, async () => {
    upstream.onRequest = async (connection) => {
      await connection.until(/the content$/);
      connection.write(head("Content-Length: 2") + "ok");
    };
    const request = new Request("http://front/", { method: "POST", body: "the content" });
    if (!request.headers.has("content-length")) request.headers.set("content-length", "11");
    assert.equal(await (await through()(request)).text(), "ok");
    assert.equal(field("content-length"), "11");
    assert.equal(field("transfer-encoding"), undefined);
  });

  test(`${name}: content without a length is sent in chunks`, async () => {
    const seen: string[] = [];
    upstream.onRequest = async (connection) => {
      seen.push(await connection.until(/first/));
      seen.push(await connection.until(/second\r\n0\r\n\r\n$/));
      connection.write(head("Content-Length: 2") + "ok");
    };
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first"));
        while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(new TextEncoder().encode("second"));
        controller.close();
      },
    });
    const init = { method: "PUT", body, duplex: "half" } as RequestInit;
    assert.equal(await (await through()(new Request("http://front/", init))).text(), "ok");
    assert.equal(field("transfer-encoding"), "chunked");
    assert.ok(!seen[0]?.includes("second"));
  });

  test(`${name}: an upload that breaks off never looks complete`, async () => {
    const request = new Request("http://front/", {
      method: "POST",
      duplex: "half",
      body: new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("the first half"));
          while (!upstream.connections.at(-1)?.received.includes("half")) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          controller.error(new Error("the client left"));
        },
      }),
    } as RequestInit);
    upstream.onRequest = () => {};
    const response = await through()(request);
    assert.equal(response.status, 502);
    const connection = upstream.connections.at(-1);
    await connection?.closed;
    assert.doesNotMatch(connection?.received ?? "", /\r\n0\r\n\r\n$/);
  });

  // Deno has other means for those that may be coded.
  for (const [what, accept] of [["", "identity"], [", coded or not,", "gzip"]] as const) {
    const asking = (): Request =>
      new Request("http://front/", { headers: { "accept-encoding": accept } });
    test(`${name}: the response${what} streams: its beginning arrives before its end is sent`, async () => {
      upstream.onRequest = (connection) =>
        connection.write(head("Transfer-Encoding: chunked") + "5\r\nfirst\r\n");
      const response = await through()(asking());
      const reader = response.body?.getReader();
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), "first");
      upstream.connections.at(-1)?.write("6\r\nsecond\r\n0\r\n\r\n");
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), "second");
      assert.equal((await reader?.read())?.done, true);
    });

    for (
      const [framing, beginning] of [
        ["of a known length", head("Content-Length: 100") + "first"],
        ["in chunks", head("Transfer-Encoding: chunked") + "5\r\nfirst\r\n"],
      ] as const
    ) {
      for (const cut of ["end", "reset"] as const) {
        test(`${name}: a response${what} ${framing} that is cut by ${cut} never looks complete`, async () => {
          upstream.onRequest = (connection) => connection.write(beginning);
          const response = await through()(asking());
          const reader = response.body?.getReader();
          await reader?.read();
          upstream.connections.at(-1)?.[cut]();
          await assert.rejects(async () => {
            for (;;) if ((await reader?.read())?.done) return;
          });
        });
      }
    }

    test(`${name}: a response${what} that is cancelled closes the connection`, async () => {
      upstream.onRequest = (connection) =>
        connection.write(head("Transfer-Encoding: chunked") + "5\r\nfirst\r\n");
      const response = await through()(asking());
      await response.body?.cancel();
      await upstream.connections.at(-1)?.closed;
    });
  }

  test(`${name}: a client disconnect before the response closes the connection`, async () => {
    const client = new AbortController();
    upstream.onRequest = () => client.abort();
    await through()(new Request("http://front/", { signal: client.signal }));
    await upstream.connections.at(-1)?.closed;
  });

  test(`${name}: an unreachable upstream is a 502, a silent one a 504`, async () => {
    const gone = await rawUpstream();
    gone.close();
    const refused = await through({ target: gone.url })(new Request("http://front/"));
    assert.equal(refused.status, 502);
    assert.equal(await refused.text(), "Bad Gateway");
    upstream.onRequest = () => {};
    const late = await through({}, { timeout: 50 })(new Request("http://front/"));
    assert.equal(late.status, 504);
    await upstream.connections.at(-1)?.closed;
  });

  for (
    const [why, response] of [
      ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
      ["an unasked-for 101", head("Connection: upgrade\r\nUpgrade: x", "101 Switching Protocols")],
      ["a status that is none", head("Content-Length: 0", "999 Odd")],
      ["nothing", ""],
    ] as const
  ) {
    test(`${name}: a response with ${why} is a 502`, async () => {
      answer(response, true);
      assert.equal((await through()(new Request("http://front/"))).status, 502);
    });
  }

  test(`${name}: a POST is not repeated`, async () => {
    let posts = 0;
    upstream.onRequest = (connection, head) => {
      if (!head.startsWith("POST")) {
        return connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
      posts++;
      return connection.reset();
    };
    const app = through();
    await (await app(new Request("http://front/"))).text(); // leaves a connection to be used again
    const response = await app(new Request("http://front/", { method: "POST" }));
    assert.equal(response.status, 502);
    assert.equal(posts, 1);
  });

  test(`${name}: HTTP_PROXY is not used`, async () => {
    const before = process.env["HTTP_PROXY"];
    process.env["HTTP_PROXY"] = "http://127.0.0.1:9";
    try {
      // Deno's clients read it when they are made.
      const made = "Deno" in globalThis ? { transport: denoTransport() } : {};
      const app = through({}, made);
      answer(head("Content-Length: 2") + "ok");
      assert.equal(await (await app(new Request("http://front/"))).text(), "ok");
      const post = new Request("http://front/", { method: "POST", body: "content" });
      assert.equal(await (await app(post)).text(), "ok");
      assert.equal(process.env["HTTP_PROXY"], "http://127.0.0.1:9");
    } finally {
      if (before === undefined) delete process.env["HTTP_PROXY"];
      else process.env["HTTP_PROXY"] = before;
    }
  });
}
