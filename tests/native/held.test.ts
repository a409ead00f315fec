/** Content in memory on the wire, where the runtime may add fields of its own. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { memory, notFound, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { rawRequest } from "../support/raw_request.ts";

type Fetch = (request: Request) => Response | Promise<Response>;
const { Deno, Bun } = globalThis as unknown as {
  Deno?: {
    serve(options: object, fetch: Fetch): { addr: { port: number }; shutdown(): Promise<void> };
  };
  Bun?: { serve(options: object): { port: number; stop(force: boolean): Promise<void> } };
};

/** Serves with what the runtime has of its own. */
async function serveHere(fetch: Fetch): Promise<{ port: number; stop: () => Promise<void> }> {
  const own = { port: 0, hostname: "127.0.0.1" };
  if (Deno) {
    const server = Deno.serve({ ...own, onListen: () => {} }, fetch);
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  if (Bun) {
    const server = Bun.serve({ ...own, fetch });
    return { port: server.port, stop: () => server.stop(true) };
  }
  const server = await serve({ ...own, fetch });
  return { port: server.port, stop: () => server.close(true) };
}

const sizes = [1000, 20_000, 300_000, 1_000_000];
const textOf = (size: number): string => "0123456789".repeat(size / 10);
const files = Object.fromEntries(sizes.map((size) => [`${size}.js`, textOf(size)]));
const server = await serveHere(serveStatic({ "/": memory(files) })(notFound));
after(() => server.stop());

const ask = async (
  size: number,
  method = "GET",
  fields = "",
): Promise<{ status: number; lines: readonly string[]; body: string }> => {
  const request = `${method} /${size}.js HTTP/1.1\r\nHost: h\r\n${fields}Connection: close\r\n\r\n`;
  const { status, head, body } = await rawRequest(server.port, request);
  const lines = head.toLowerCase().split("\r\n").slice(1);
  // What differs between files, or between one second and the next.
  const same = lines.filter((line) => !/^(?:date|etag|expires):/.test(line));
  return { status, lines: same.toSorted(), body };
};

for (const size of sizes) {
  test(`${size} bytes are sent with the same headers as a short body`, async () => {
    const small = (await ask(1000)).lines;
    const expected = small.map((line) => line.replace(/^(content-length): 1000$/, `$1: ${size}`));
    assert.ok(expected.includes(`content-length: ${size}`));
    const coded = "Accept-Encoding: gzip, br\r\n";
    for (const fields of ["", coded, "Range: items=0-1\r\n"]) {
      const { status, lines, body } = await ask(size, "GET", fields);
      assert.equal(status, 200);
      assert.deepEqual(lines, expected);
      assert.ok(body === textOf(size));
    }
    const head = await ask(size, "HEAD");
    assert.deepEqual([head.status, head.lines, head.body], [200, expected, ""]);
  });

  test(`${size} bytes are sent as a range`, async () => {
    const { status, lines, body } = await ask(size, "GET", "Range: bytes=5-\r\n");
    assert.equal(status, 206);
    assert.ok(lines.includes(`content-length: ${size - 5}`));
    assert.ok(lines.includes(`content-range: bytes 5-${size - 1}/${size}`));
    assert.ok(!lines.some((line) => line.startsWith("transfer-encoding")));
    assert.ok(body === textOf(size).slice(5));
  });
}
