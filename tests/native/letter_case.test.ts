/** A file system that ignores case, as far as it is asked here; names on it are in lower case. */
import assert from "node:assert/strict";
import fs, { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dispatch, type Handler, serveStatic } from "handwerk";
import { temporary } from "../support/temp.ts";

const root = temporary({
  "admin/secret.txt": "SECRET",
  "plain.txt": "plain",
  "gru\u0308n.txt": "green",
  "readme": "read me",
});
symlinkSync("admin", join(root, "link"));
symlinkSync("plain.txt", join(root, "alias.txt"));
symlinkSync("readme", join(root, "README"));

async function ignoringCase(use: () => Promise<void>): Promise<void> {
  const { open } = fs;
  const { stat } = fs.promises;
  const real = (path: unknown): unknown => {
    const text = String(path);
    if (!text.toLowerCase().startsWith(root.toLowerCase())) return path;
    return root + text.slice(root.length).toLowerCase().normalize("NFD");
  };
  Object.assign(fs, {
    open: (path: unknown, ...rest: unknown[]) =>
      (open as (...args: unknown[]) => void)(real(path), ...rest),
  });
  Object.assign(fs.promises, {
    stat: (path: unknown, ...rest: unknown[]) =>
      (stat as (...args: unknown[]) => unknown)(real(path), ...rest),
  });
  try {
    await use();
  } finally {
    Object.assign(fs, { open });
    Object.assign(fs.promises, { stat });
  }
}
const guard: Handler = () => new Response("guarded", { status: 401 });
const fallback: Handler = () => new Response("passed on", { status: 404 });
const make = (): Handler =>
  dispatch({ "/admin": guard, "/link": guard })(
    serveStatic({ "/": root }, { memoryCache: false, listing: true })(fallback),
  );
const seen = async (app: Handler, path: string): Promise<string> => {
  const response = await app(new Request(`http://host${path}`));
  return `${response.status} ${(await response.text()).slice(0, 10)}`;
};

test("letter case: another spelling does not bypass an access rule where case is ignored", async () => {
  await ignoringCase(async () => {
    const app = make();
    for (const path of ["/admin/secret.txt", "/link/secret.txt"]) {
      assert.equal(await seen(app, path), "401 guarded", path);
    }
    const paths = [
      "/ADMIN/secret.txt",
      "/Admin/SECRET.txt",
      "/LINK/secret.txt",
      "/aDmin/",
      "/Link/",
    ];
    for (const path of [...paths, "/PLAIN.txt", "/Alias.TXT"]) {
      assert.equal((await seen(app, path)).slice(0, 3), "404", path);
    }
    assert.equal(await seen(app, "/plain.txt"), "200 plain");
    assert.equal(await seen(app, "/alias.txt"), "200 plain");
    assert.equal(await seen(app, "/gr%C3%BCn.txt"), "200 green", "as people write it");
    assert.equal(await seen(app, "/gru%CC%88n.txt"), "200 green", "as it is spelled");
  });
});

test("letter case: a link may differ only in case where case matters", async () => {
  const app = make();
  assert.equal(await seen(app, "/README"), "200 read me");
  assert.equal(await seen(app, "/readme"), "200 read me");
  assert.equal(await seen(app, "/Readme"), "404 passed on");
});
