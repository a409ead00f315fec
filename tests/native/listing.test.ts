/** Lists of real directories, where the disk fails. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { notFound, serveStatic } from "handwerk";
import { temporary } from "../support/temp.ts";

const root = temporary({ "a.txt": "a", "broken.txt": "b", "c.txt": "c", "sub/d.txt": "d" });

test("listing: a name that the disk cannot read is left out", async () => {
  const { lstat } = fs.promises;
  const failing = (path: string, options: never): unknown =>
    path.endsWith("broken.txt")
      ? Promise.reject(Object.assign(new Error("i/o error"), { code: "EIO" }))
      : lstat(path, options);
  fs.promises.lstat = failing as typeof lstat;
  try {
    const app = serveStatic({ "/": root }, { listing: true })(notFound);
    const response = await app(
      new Request("http://host/", { headers: { accept: "application/json" } }),
    );
    assert.equal(response.status, 200);
    const names = (await response.json() as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names, ["sub", "a.txt", "c.txt"]);
  } finally {
    fs.promises.lstat = lstat;
  }
});
