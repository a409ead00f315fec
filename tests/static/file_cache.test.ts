import assert from "node:assert/strict";
import { test } from "node:test";
import { FileCache } from "../../src/static/sources/file_cache.ts";

const file = (size: number) => ({
  identity: "same",
  settled: true,
  bytes: new Uint8Array(size),
  lastModified: 0,
});
const kept = async (files: FileCache, names: string): Promise<string> => {
  let found = "";
  for (const name of names) if (await files.find(name)) found += name;
  return found;
};

test("what is asked for again stays in memory, what is not makes room", async () => {
  const files = new FileCache({ bytes: 4 * 1512 }, () => Promise.resolve("same"));
  for (const name of "abcd") await files.keep(name, name, file(1000));
  await files.keep("e", "e", file(1000));
  // All had just been asked for, so the first to come was the first to go.
  assert.equal(await kept(files, "bd"), "bd");
  await files.keep("f", "f", file(1000));
  assert.equal(await kept(files, "abcdef"), "bdef");
});

test("a file that is heavier than all memory drives nobody out", async () => {
  const files = new FileCache({ bytes: 2000 }, () => Promise.resolve("same"));
  await files.keep("a", "a", file(1000));
  await files.keep("b", "b", file(3000));
  assert.equal(await kept(files, "ab"), "a");
});
