/** Content that stays in memory, in sizes that runtimes send in different ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, notFound, serveStatic } from "handwerk";

const bytesOf = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(size).map((_, i) => i * 7 + (i >> 8));
const sizes = [200, 16_383, 16_384, 131_072, 300_000];
const files = Object.fromEntries(sizes.map((size) => [`${size}.bin`, bytesOf(size)]));
const app = serveStatic({ "/": memory(files) })(notFound);
const get = async (size: number, init: RequestInit = {}): Promise<Response> =>
  await app(new Request(`http://host/${size}.bin`, init));
const namesOf = ({ headers }: Response): string[] => [...headers.keys()].toSorted();

for (const size of sizes) {
  test(`${size} bytes have the fields that few have`, async () => {
    const small = await get(200);
    for (const method of ["GET", "HEAD", "GET"]) {
      const response = await get(size, { method });
      assert.equal(response.status, 200);
      assert.ok(response instanceof Response);
      assert.deepEqual(namesOf(response), namesOf(small));
      assert.equal(response.headers.get("content-type"), "application/octet-stream");
      assert.equal(response.headers.get("content-length"), String(size));
      const content = new Uint8Array(await response.arrayBuffer());
      assert.deepEqual(content, method === "HEAD" ? new Uint8Array() : bytesOf(size));
    }
  });

  test(`${size} bytes: ranges, several of them, and 304`, async () => {
    const part = await get(size, { headers: { range: "bytes=3-" } });
    assert.deepEqual([part.status, part.headers.get("content-length")], [206, String(size - 3)]);
    assert.equal(part.headers.get("content-range"), `bytes 3-${size - 1}/${size}`);
    assert.deepEqual(new Uint8Array(await part.arrayBuffer()), bytesOf(size).subarray(3));
    const parts = await get(size, { headers: { range: "bytes=0-9,100-" } });
    const length = Number(parts.headers.get("content-length"));
    assert.equal((await parts.arrayBuffer()).byteLength, length);
    const etag = part.headers.get("etag") ?? "";
    for (let i = 0; i < 2; i++) {
      const same = await get(size, { headers: { "if-none-match": etag } });
      assert.deepEqual([same.status, same.body], [304, null]);
      assert.equal(same.headers.get("content-length"), null);
      assert.equal(same.headers.get("etag"), etag);
    }
  });

  // What is in memory is the answer to others, too: whoever reads it may do with it what they like.
  const readings: Record<string, (response: Response) => Promise<Uint8Array<ArrayBuffer>[]>> = {
    "read as a stream": async ({ body }) => await chunksOf(body),
    "read in one": async (response) => [new Uint8Array(await response.arrayBuffer())],
    "read as a blob": async (response) => [
      new Uint8Array(await (await response.blob()).arrayBuffer()),
    ],
    "cloned": async (response) => {
      const clone = response.clone();
      return (await Promise.all([chunksOf(clone.body), chunksOf(response.body)])).flat();
    },
    "cloned, and the clone alone read": async (response) => {
      const [cloned, chunks] = [
        await chunksOf(response.clone().body),
        await chunksOf(response.body),
      ];
      return [...cloned, ...chunks];
    },
    "wrapped": async (response) => await chunksOf(new Response(response.body, response).body),
    "transformed": async (response) =>
      await chunksOf(response.body?.pipeThrough(new TransformStream()) ?? null),
  };
  for (const [how, read] of Object.entries(readings)) {
    test(`${size} bytes can be ${how} and overwritten`, async () => {
      const response = await get(size);
      const chunks = await read(response);
      for (const chunk of chunks) {
        if (chunk.length === 0) continue; // on Deno, clones of few bytes share them
        chunk.fill(0);
        structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
      }
      assert.ok(chunks.length > 0);
      assert.deepEqual(new Uint8Array(await (await get(size)).arrayBuffer()), bytesOf(size));
    });
  }
}

async function chunksOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const reader = body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
    chunks.push(read.value);
  }
  return chunks;
}

test("headers that are added to a response are not in the next one", async () => {
  for (const size of sizes) {
    const first = await get(size);
    first.headers.set("x-mine", "1");
    first.headers.delete("content-type");
    const second = await get(size);
    assert.equal(second.headers.get("x-mine"), null);
    assert.equal(second.headers.get("content-type"), "application/octet-stream");
  }
});
