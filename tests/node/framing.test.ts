/** Where messages begin and end on a connection. */
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { makeResponse } from "../../src/host/make_response.ts";
import { mountAware } from "../../src/mount.ts";
import { ca, tls } from "../support/http2.ts";
import { rawRequest } from "../support/raw_request.ts";
import { close, get, own } from "../support/host.ts";
import { answer, serving } from "../support/source_host.ts";

const echo: Handler = async (request) => new Response(await request.text());
const head = "HTTP/1.1\r\nHost: h\r\n";
const next = `GET /next ${head}${close}`;
const count = (text: string): number => text.split("HTTP/1.1 ").length - 1;

test("Content-Length: a synchronous handler's body has it", async () => {
  const sync = await answer(() => new Response("text"));
  assert.match(sync.head, /\r\ncontent-length: 4/);
  assert.equal(sync.body, "text");
  const lying = await answer(() => new Response("text", { headers: { "content-length": "9" } }));
  assert.deepEqual([lying.status, lying.body], [200, "text"]);
  assert.match(lying.head, /\r\ncontent-length: 4/);
  const refused = await answer(echo, get.replace("/a/b", "/../b"));
  assert.match(refused.head, /^HTTP\/1.1 400 [\s\S]*\r\ncontent-length: 11/);
});

test("Transfer-Encoding: a coding other than chunked is a 501, any coding of HTTP/1.0 a 400", async () => {
  const content = "3\r\nabc\r\n0\r\n\r\n";
  for (
    const [coding, version, expected] of [
      ["chunked", "1.1", 200],
      ["Chunked", "1.1", 200],
      ["gzip, chunked", "1.1", 501],
      ["chunked", "1.0", 400],
    ] as const
  ) {
    const fields = `Host: h\r\nConnection: keep-alive\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
    const bytes = `POST / HTTP/${version}\r\n${fields}${content}${next}`;
    const { status, text } = await answer(echo, bytes);
    assert.deepEqual([status, count(text)], [expected, expected === 200 ? 2 : 1], coding);
  }
});

test("invalid request: bytes behind it are not parsed as a request", async () => {
  for (const start of ["GET /../x", "TRACE /", "GET *"]) {
    const { head: answered, text } = await answer(echo, `${start} ${head}\r\n${next}`);
    assert.match(answered, /^HTTP\/1.1 (?:400|501) [\s\S]*\r\nconnection: close/i);
    assert.equal(count(text), 1);
  }
});

const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const declined: Readonly<Record<string, string>> = {
  "to h2c":
    `GET / ${head}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
  "with content": `POST / ${head}${upgrade}Content-Length: 3\r\n\r\nabc`,
  "with content in chunks": `POST / ${head}${upgrade}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "with content to come":
    `POST / ${head}${upgrade}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
  "with an expectation": `GET / ${head}${upgrade}Expect: x\r\n\r\n`,
  "with content and an expectation":
    `POST / ${head}${upgrade}Expect: x\r\nContent-Length: 3\r\n\r\nabc`,
  "in HTTP/1.0":
    `GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade, keep-alive\r\nUpgrade: x\r\n\r\n`,
  "without Host": `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  "of an invalid target": `GET /../x ${head}${upgrade}\r\n`,
};
for (const [name, ask] of Object.entries(declined)) {
  test(`declined upgrade: no response goes to the wrong request ${name}`, async () => {
    const paths: string[] = [];
    const app: Handler = async ({ url }) => {
      paths.push(new URL(url).pathname);
      return new Response("ok", {
        headers: { connection: "keep-alive", "keep-alive": "timeout=9" },
      });
    };
    await serving(app, async (port) => {
      const { head: answered, text } = await rawRequest(port, ask + next);
      assert.match(answered.replace("HTTP/1.1 100 Continue", ""), /\r\nconnection: close/i);
      assert.doesNotMatch(text, /keep-alive/i);
      assert.equal(count(text.replace("HTTP/1.1 100 Continue", "")), 1);
    }, own);
    assert.ok(!paths.includes("/next"));
  });
}

test("Expect: an unknown expectation is a 417, and bytes behind it are not parsed as a request", async () => {
  const ask = `POST / ${head}Expect: x\r\nContent-Length: 3\r\n\r\nabc`;
  const { status, head: answered, text } = await answer(echo, ask + next);
  assert.equal(status, 417);
  assert.match(answered, /\r\nconnection: close/i);
  assert.equal(count(text), 1);
});

const before = `GET /before ${head}\r\n`;
const behind: Readonly<Record<string, string>> = {
  "an upgrade": `GET / ${head}${upgrade}\r\n`,
  "a declined upgrade": declined["to h2c"] ?? "",
  "a declined upgrade with an expectation": declined["with content and an expectation"] ?? "",
  "nonsense": "nonsense\r\n\r\n",
  "fields that are too long": `GET / ${head}X: ${"x".repeat(20_000)}\r\n\r\n`,
};
for (const [name, bytes] of Object.entries(behind)) {
  test(`pipelining: requests before ${name} are answered, each once`, async () => {
    const app: Handler = async ({ url }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Response(`${new URL(url).pathname};`);
    };
    const { text } = await answer(app, before + bytes + next);
    assert.match(text, /^HTTP\/1.1 200 [\s\S]*?\r\n\r\n\/before;/);
    assert.ok(!text.includes("/next"));
  });
}

test("status line: an invalid reason phrase is left out, an invalid status a 500", async () => {
  for (const statusText of ["a\r\nb: c", "\x01", "\u0100", "caf\xe9"]) {
    const app = mountAware((request) =>
      makeResponse(request, "text", { status: 200, statusText, fields: [] })
    );
    const { status, head: answered, body } = await answer(app);
    assert.deepEqual([status, body], [200, "text"]);
    assert.equal(answered.split("\r\n")[0]?.includes("caf"), statusText === "caf\xe9");
  }
  for (const status of [0, 100, 101, 103, 199, NaN]) {
    const app = mountAware((request) => makeResponse(request, "text", { status, fields: [] }));
    assert.equal((await answer(app)).status, 500);
  }
});

test("onError: a callback that throws does not delay the 500", async (t) => {
  const printed = t.mock.method(console, "error", () => {});
  const onError = (): never => {
    throw new Error("nobody listens");
  };
  const handlers: Handler[] = [() => onError(), async () => await Promise.resolve().then(onError)];
  for (const app of handlers) {
    const ask = (port: number): ReturnType<typeof rawRequest> => rawRequest(port, get);
    assert.equal((await serving(app, ask, { onError })).status, 500);
  }
  assert.equal(printed.mock.callCount(), 2);
});

test("HTTP/2: a failing body does not look complete", async () => {
  const app: Handler = () => {
    let count = 0;
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (count++ > 0) throw new Error("it failed");
        controller.enqueue(new TextEncoder().encode("part"));
      },
    });
    return new Response(body);
  };
  await serving(app, async (port) => {
    const client = connect(`https://localhost:${port}`, { ca });
    const stream = client.request({ ":path": "/" }).resume();
    stream.on("error", () => {});
    await new Promise<void>((resolve) => stream.once("close", resolve));
    client.destroy();
    assert.equal(stream.rstCode, 2);
  }, { ...own, http2: true, tls, hostname: "localhost" });
});

test("HTTP/2: a client disconnect aborts the signal", async () => {
  let left: (reason: unknown) => void = () => {};
  const reason = new Promise((resolve) => (left = resolve));
  let came = (): void => {};
  const asked = new Promise<void>((resolve) => (came = resolve));
  const app: Handler = ({ signal }) => {
    came();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        left(signal.reason);
        reject(signal.reason);
      });
    });
  };
  await serving(app, async (port) => {
    const client = connect(`https://localhost:${port}`, { rejectUnauthorized: false });
    const stream = client.request({ ":path": "/" }).resume();
    stream.on("error", () => {});
    await asked;
    stream.close(8);
    assert.match(String(await reason), /closed the connection/);
    client.destroy();
  }, { ...own, http2: true, tls, hostname: "localhost" });
});
