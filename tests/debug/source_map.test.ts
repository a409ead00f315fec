import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeNumbers, readSourceMap } from "../../src/debug/source_map.ts";
import { createLocator, excerptOf } from "../../src/debug/sources.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The encoder, written from the definition. */
function encode(number: number): string {
  let rest = number < 0 ? -number * 2 + 1 : number * 2;
  let text = "";
  do {
    const bits = rest % 32;
    rest = Math.floor(rest / 32);
    text += DIGITS[rest > 0 ? bits + 32 : bits];
  } while (rest > 0);
  return text;
}

test("base 64 VLQ: decoding reverses encoding", () => {
  const number = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });
  fc.assert(fc.property(fc.array(number), (numbers) => {
    assert.deepEqual(decodeNumbers(numbers.map(encode).join("")), numbers);
  }));
  fc.assert(fc.property(fc.string(), (text) => {
    const numbers = decodeNumbers(text);
    assert.ok(numbers === undefined || numbers.every(Number.isSafeInteger));
  }));
  for (const wrong of ["!", "g", "gggggggggA", "A ", "é"]) {
    assert.equal(decodeNumbers(wrong), undefined, wrong);
  }
});

/** Each generated line has segments: a column, then a source, a line and a column, from 0. */
function mapOf(lines: readonly (readonly (readonly number[])[])[], more: object = {}): string {
  let before = [0, 0, 0, 0];
  const mappings = lines.map((segments) => {
    before = [0, ...before.slice(1)];
    return segments.map((segment) => {
      const text = segment.map((value, i) => encode(value - (before[i] ?? 0))).join("");
      before = segment.length === 1 ? [segment[0] ?? 0, ...before.slice(1)] : [...segment];
      return text;
    }).join(",");
  }).join(";");
  return JSON.stringify({ version: 3, sources: ["a.ts", "b.ts"], mappings, ...more });
}

test("a position is mapped by the last segment that begins before it", () => {
  const map = readSourceMap(
    mapOf([[], [[0, 0, 4, 2], [10, 1, 0, 7], [20]]], {
      sourcesContent: ["text of a", null],
      sourceRoot: "src",
    }),
  );
  assert.ok(map);
  const at = (line: number, column: number): unknown => {
    const found = map(line, column);
    return found && [found.source, found.line, found.column, found.text];
  };
  assert.deepEqual(at(2, 1), ["src/a.ts", 5, 3, "text of a"]);
  assert.deepEqual(at(2, 10), ["src/a.ts", 5, 3, "text of a"]);
  assert.deepEqual(at(2, 11), ["src/b.ts", 1, 8, undefined]);
  assert.deepEqual(at(2, 21), undefined);
  assert.deepEqual(at(1, 1), undefined);
  assert.deepEqual(at(9, 1), undefined);
});

test("malformed maps are ignored", () => {
  for (const text of ["", "null", "[]", "{", '{"version":2,"mappings":""}', '{"version":3}']) {
    assert.equal(readSourceMap(text), undefined, text);
  }
  const odd = readSourceMap('{"version":3,"mappings":"!!,AAAA,ZZZZZZZ","sources":7}');
  assert.equal(odd?.(1, 1), undefined);
  fc.assert(fc.property(fc.string(), fc.nat(), (mappings, column) => {
    readSourceMap(JSON.stringify({ version: 3, mappings, sources: ["a"] }))?.(1, column);
  }));
});

const frame = (url: string, line: number, column: number) => (
  { name: "f", url, line, column, awaiting: false }
);
const reader = (files: Readonly<Record<string, string>>, read: string[] = []) => (file: string) => {
  read.push(file);
  return Promise.resolve(files[file]);
};
const map = mapOf([[[0, 0, 1, 2]]]);

for (
  const [what, comment, files] of [
    ["beside the file", "a.js.map", { "/app/out/a.js.map": map, "/app/out/a.ts": "one\n  two\n" }],
    ["in the file", `data:application/json;base64,${btoa(map)}`, {
      "/app/out/a.ts": "one\n  two\n",
    }],
    ["in the file, escaped", `data:application/json,${encodeURIComponent(map)}`, {
      "/app/out/a.ts": "one\n  two\n",
    }],
    ["with the source in it", "maps/a.js.map", {
      "/app/out/maps/a.js.map": mapOf([[[0, 0, 1, 2]]], {
        sourcesContent: ["one\n  two\n"],
        sourceRoot: "..",
      }),
    }],
  ] as const
) {
  test(`a frame is located with a source map ${what}`, async () => {
    const text = `code()\n//# sourceMappingURL=${comment}\n`;
    const locate = createLocator(reader({ "/app/out/a.js": text, ...files }));
    const found = await locate(frame("file:///app/out/a.js", 1, 5));
    assert.deepEqual([found.file, found.line, found.column], ["/app/out/a.ts", 2, 3]);
    assert.deepEqual(found.excerpt, { first: 1, lines: ["one", "  two", ""] });
  });
}

test("only source files are read, whatever a stack or a map names", async () => {
  const read: string[] = [];
  const evil = JSON.stringify({
    version: 3,
    sources: ["/etc/passwd", "https://evil.example/a.ts", "//evil.example/a.ts"],
    mappings: `${[0, 0, 0, 0].map(encode).join("")},${[5, 1, 0, 0].map(encode).join("")},${
      [5, 1, 0, 0].map(encode).join("")
    }`,
  });
  const files = {
    "/app/a.js": `x\n//# sourceMappingURL=../etc/shadow`,
    "/app/b.js": `x\n//# sourceMappingURL=data:application/json,${encodeURIComponent(evil)}`,
  };
  const locate = createLocator(reader(files, read));
  for (
    const url of [
      "/etc/passwd",
      "file:///home/me/.env",
      "/app/key.pem",
      "/x\0.js",
      "/a.js?/../.env",
    ]
  ) {
    await locate(frame(url, 1, 1));
  }
  await locate(frame("/app/a.js", 1, 1));
  for (const column of [1, 6, 11]) {
    assert.equal((await locate(frame("/app/b.js", 1, column))).file, "/app/b.js");
  }
  assert.deepEqual(read, ["/a.js", "/app/a.js", "/app/b.js"]);
});

test("maps of libraries are not read", async () => {
  const read: string[] = [];
  const file = "/app/node_modules/web/layer.js";
  const text = "code()\n//# sourceMappingURL=layer.js.map\n";
  const locate = createLocator(reader({ [file]: text, [`${file}.map`]: map }, read));
  const found = await locate(frame(`file://${file}`, 1, 5));
  assert.deepEqual([found.kind, found.file, found.line], ["library", file, 1]);
  assert.equal(found.excerpt?.lines[0], "code()");
  assert.deepEqual(read, [file]);
});

test("an excerpt is the lines around, as far as there are any", () => {
  const text = Array.from({ length: 100 }, (_, i) => `line ${i + 1}`).join("\r\n");
  assert.equal(excerptOf(text, 50)?.first, 25);
  assert.equal(excerptOf(text, 50)?.lines.length, 51);
  assert.deepEqual(excerptOf(text, 1)?.lines[0], "line 1");
  assert.equal(excerptOf(text, 101), undefined);
  assert.equal(excerptOf(text, 0), undefined);
  assert.equal(excerptOf(undefined, 1), undefined);
  assert.equal(excerptOf("x".repeat(10_000), 1)?.lines[0]?.length, 501);
});
