/** The same site on every host, over real HTTP. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { listener } from "handwerk/node";
import { upstream } from "../examples/upstream.ts";
import { type Host, start, startWorker } from "../support/hosts.ts";
import { rawRequest } from "../support/raw_request.ts";

const example = (command: string, ...args: string[]): Promise<Host> =>
  start(/The site is at http:\/\/127\.0\.0\.1:(\d+)\//, command, args);

async function startWorkers(): Promise<Host> {
  const beside = createServer(listener(upstream));
  await new Promise<void>((resolve) => beside.listen(0, "127.0.0.1", resolve));
  const { port } = beside.address() as AddressInfo;
  const host = await startWorker("tests/examples/workers.ts", `http://127.0.0.1:${port}/`);
  return {
    port: host.port,
    async stop() {
      beside.closeAllConnections();
      beside.close();
      await host.stop();
    },
  };
}

/** workerd's own answer to what it cannot make a URL of; no worker is called. */
function isByWorkerd(text: string): boolean {
  return text === "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n" +
      "Content-Length: 21\r\n\r\nInternal Server Error";
}

const hosts: Record<string, () => Promise<Host>> = {
  Node: () => example(process.execPath, "tests/examples/node.ts"),
  Deno: () => example("deno", "run", "--no-check", "--quiet", "-A", "tests/examples/deno.ts"),
  Bun: () => example("bun", "tests/examples/bun.ts"),
  Workers: startWorkers,
};

for (const [name, begin] of Object.entries(hosts)) {
  describe(`the site on ${name}`, () => {
    let host: Host;
    before(async () => {
      host = await begin();
    });
    after(() => host.stop());
    const get = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(`http://127.0.0.1:${host.port}${path}`, init);

    test("serves files", async () => {
      const page = await get("/");
      assert.equal(page.status, 200);
      assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
      assert.match(await page.text(), /A small site/);
      const file = await get("/files/gr%C3%BC%C3%9Fe.txt");
      assert.equal(await file.text(), "Grüße aus einer Datei\n");
      const head = await get("/files/hello.txt", { method: "HEAD" });
      assert.equal(head.headers.get("content-length"), "18");
      assert.equal((await get("/files/the.secret")).status, 404);
      assert.equal((await get("/files/%2e%2e%2fapp.ts")).status, 404);
    });

    test("lists a directory without disallowed files", async () => {
      const list = await (await get("/files/")).text();
      assert.match(list, /hello\.txt/);
      assert.doesNotMatch(list, /secret/);
    });

    test("shows the debugger only in development, and has an easter egg", async () => {
      const calm = await get("/fail");
      assert.equal(calm.status, 200);
      assert.match(await calm.text(), /^Nothing fails here/);
      assert.equal((await get("/__debug")).status, 404);
      assert.match(await (await get("/?masterpiece")).text(), /made by hand/);
    });

    test("answers conditional requests with 304", async () => {
      const etag = (await get("/files/hello.txt")).headers.get("etag") ?? "";
      const again = await get("/files/hello.txt", { headers: { "if-none-match": etag } });
      assert.equal(again.status, 304);
    });

    test("forwards to the upstream", async () => {
      const { time } = await (await get("/api/time")).json() as { time: string };
      assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
      assert.equal((await get("/api/nothing")).status, 404);
      const redirect = await get("/api/elsewhere", { redirect: "manual" });
      assert.equal(redirect.status, 302);
      assert.equal(redirect.headers.get("location"), "/api/time");
    });

    test("streams both ways through the proxy", async () => {
      const content = "streamed ".repeat(100_000);
      const echo = await get("/api/echo", {
        method: "POST",
        body: content,
        headers: { "x-mine": "1" },
      });
      assert.equal(echo.headers.get("x-method"), "POST");
      assert.match(echo.headers.get("x-seen") ?? "", /x-mine/);
      assert.ok(await echo.text() === content);
      const reader = (await get("/api/stream")).body?.getReader();
      const first = new TextDecoder().decode((await reader?.read())?.value);
      assert.equal(first, "data: tick 1\n\n");
      await reader?.cancel();
    });

    test("mounts apps", async () => {
      const seen = await (await get("/where/am/i?q=1")).json() as Record<string, string>;
      const origin = `http://127.0.0.1:${host.port}`;
      assert.deepEqual(seen, {
        base: "/where",
        path: "/am/i",
        url: `${origin}/am/i?q=1`,
        original: `${origin}/where/am/i?q=1`,
      });
      const signed = await get("/guestbook/", {
        method: "POST",
        body: new URLSearchParams({ entry: "<b>me" }),
      });
      assert.equal(new URL(signed.url).pathname, "/guestbook/");
      assert.match(await signed.text(), /<li>&lt;b&gt;me<\/li>/);
      assert.equal((await get("/nowhere")).status, 404);
    });

    // The line and the fields of hostile requests; each is refused, on every host.
    const hostile: readonly (readonly [string, string, string])[] = [
      ["a path in Host", "GET /files/hello.txt", "good/evil"],
      ["user information in Host", "GET /files/hello.txt", "u:p@evil"],
      ["a query in Host", "GET /files/hello.txt", "h?x"],
      ["a port that is none", "GET /files/hello.txt", "h:99999"],
      ["a broken escape", "GET /%zz", "h"],
      ["* with GET", "GET *", "h"],
      ["dot segments", "GET /files/../../app.ts", "h"],
      ["escaped dot segments", "GET /files/%2e%2e/%2e%2e/app.ts", "h"],
      ["a backslash", "GET /\\evil.com/%2e%2e", "h"],
      ["two slashes", "GET //evil.com/files/hello.txt", "h"],
      ["CONNECT", "CONNECT evil:443", "evil:443"],
      ["a method that is none", "F@O /files/hello.txt", "h"],
    ];
    for (const [why, line, field] of hostile) {
      test(`refuses ${why}`, async () => {
        const { status, text } = await rawRequest(
          host.port,
          `${line} HTTP/1.1\r\nHost: ${field}\r\nConnection: close\r\n\r\n`,
          500,
        ).catch(() => ({ status: 0, text: "" }));
        // Some hosts close the connection on what they cannot read; none may serve it or fail.
        const refused = (status >= 400 && status < 500) || status === 501 || text === "";
        assert.ok(refused || isByWorkerd(text), text);
        assert.doesNotMatch(text, /evil\.com|Hello from a file/);
      });
    }

    test("OPTIONS * is answered with no content, or refused", async () => {
      const { status, text } = await rawRequest(
        host.port,
        "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        500,
      ).catch(() => ({ status: 0, text: "" }));
      const refused = (status >= 400 && status < 500) || text === "" || isByWorkerd(text);
      assert.ok(status === 204 || refused, text);
    });

    test("an absolute form never reaches another host", async () => {
      const { text } = await rawRequest(
        host.port,
        "GET http://127.0.0.1:9/api/time HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n",
      );
      assert.ok(/^HTTP\/1\.1 400|"time":/.test(text) || isByWorkerd(text), text);
    });
  });
}
