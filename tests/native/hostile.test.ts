/** What clients send that mean no good, against real files, with traps laid around them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, {
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { type Handler, serveStatic } from "handwerk";
import { check, FILES, HTTP, OPTIONS, PATHS, send } from "../support/probe.ts";
import { temporary } from "../support/temp.ts";

const root = temporary({
  ...Object.fromEntries(Object.entries(FILES).map(([name, text]) => [`www/${name}`, text])),
  "www/plain.js": "identity",
  "www/big.bin": new Uint8Array(1_000_000),
  "www-secret/x.txt": "SECRET",
  "private.txt": "SECRET",
  "secret.txt": "SECRET",
  "outside.html": "SECRET",
});
const www = join(root, "www");
symlinkSync(join(root, "secret.txt"), join(www, "link.txt"));
symlinkSync(join(root, "secret.txt"), join(www, "plain.js.br"));
symlinkSync(root, join(www, "up"));
symlinkSync(join(root, "www-secret"), join(www, "beside"));
symlinkSync(join(root, "outside.html"), join(www, "sub", "404.html"));
execFileSync("mkfifo", [join(www, "fifo")]);
for (const name of Object.keys(FILES)) utimesSync(join(www, name), 1_767_323_045, 1_767_323_045);

const fallback: Handler = () => new Response("passed on", { status: 418 });
const apps: Readonly<Record<string, Handler>> = {
  hot: serveStatic({ "/": www }, OPTIONS)(fallback),
  exact: serveStatic({ "/": www }, { ...OPTIONS, memoryCache: { revalidate: 0 } })(fallback),
};
for (const [name, app] of Object.entries(apps)) {
  for (const row of HTTP) test(`${name}: ${row[0]}: ${row[2]}`, () => check(app, row));
  for (const row of PATHS) test(`${name}: the path of ${row[0]}: ${row[2]}`, () => check(app, row));
}
const cold = serveStatic({ "/": www }, { ...OPTIONS, memoryCache: false })(fallback);
for (const row of PATHS) test(`cold: the path of ${row[0]}: ${row[2]}`, () => check(cold, row));

const TRAPS = [
  "link.txt",
  "up/secret.txt",

  "beside/x.txt",
  "fifo",
  "sub/404.html",
];
test("links that lead out, also of a variant or a fallback, and pipes are not found", async () => {
  for (const app of [...Object.values(apps), cold]) {
    for (const path of TRAPS) {
      const response = await send(app, { path: `/${path}` });
      assert.deepEqual([response.status, await response.text()], [404, "not found"], path);
    }
    const coded = await send(app, { path: "/plain.js", fields: { "accept-encoding": "br" } });
    assert.equal(await coded.text(), "identity");
    assert.equal(await (await send(app, { path: "/sub/none" })).text(), "not found");
  }
});

/** Every path that is opened while these tests run. */
const opened: string[] = [];
const { open } = fs.promises;
before(() => {
  fs.promises.open = (path, ...rest) => {
    opened.push(String(path));
    return open(path, ...rest);
  };
});
after(() => void (fs.promises.open = open));

test("no spelling of a path opens a file outside", async () => {
  const part = fc.constantFrom(
    ..."/ / / .. . %2e%2e %2f %5c \\ %00 %252e %c0%ae C: up www link.txt beside x.txt".split(" "),
    ..."secret.txt sub ten.txt private www-secret private.txt outside.html fifo".split(" "),
    ..."plain.js .env secret.key".split(" "),
  );
  const options = { ...OPTIONS, extensions: ["html", "txt"], listing: true, spa: true };
  const app = serveStatic({ "/": www, "/sub": www }, { ...options, memoryCache: false })(fallback);
  opened.length = 0;
  const fields = { "accept-encoding": "br", "sec-fetch-mode": "navigate" };
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const response = await send(app, { path: `/${parts.join("")}`, fields });
      assert.ok([200, 308, 400, 404, 418].includes(response.status), `${response.status}`);
      assert.ok(!(await response.text()).includes("SECRET"));
    }),
    { numRuns: 500 },
  );
  assert.ok(opened.length > 100, `${opened.length} files were opened`);
  for (const path of opened) {
    assert.ok(path.startsWith(`${www}/`), path);
    assert.doesNotMatch(path.slice(www.length), /\/\.|\.key|\/private/);
  }
});

test("HEAD, 304, 412 and 416 open nothing", async () => {
  const whole = await send(cold, { path: "/big.bin", method: "HEAD" });
  const [etag = "", date = ""] = [whole.headers.get("etag"), whole.headers.get("last-modified")]
    .map((value) => value ?? undefined);
  opened.length = 0;
  const statuses: number[] = [];
  for (
    const fields of [
      { "if-none-match": etag },
      { "if-modified-since": date },
      { "if-match": '"x"' },
      { range: "bytes=9999999-" },
    ]
  ) statuses.push((await send(cold, { path: "/big.bin", fields })).status);
  statuses.push((await send(cold, { path: "/big.bin", method: "HEAD" })).status);
  assert.deepEqual([statuses, opened], [[304, 304, 412, 416, 200], []]);
});

test("memory cache: concurrent requests read a file once", async () => {
  const app = serveStatic({ "/": www }, { memoryCache: { revalidate: 60_000 } })(fallback);
  opened.length = 0;
  const texts = await Promise.all(
    Array.from({ length: 100 }, async () => (await send(app, { path: "/ten.txt" })).text()),
  );
  assert.deepEqual([new Set(texts), opened], [new Set(["0123456789"]), [join(www, "ten.txt")]]);
});

const descriptors = (): number => readdirSync("/proc/self/fd").length;
test("a file that is replaced between its lookup and its opening is looked up again", async () => {
  const file = join(www, "replaced.txt");
  const replace = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const before = descriptors();
  for (const times of [1, ...Array<number>(20).fill(99)]) {
    const status = times === 1 ? 200 : 503;
    replace("first");
    let left = times;
    const tricked = fs.promises.open;
    fs.promises.open = (path, ...rest) => {
      if (left-- > 0) replace(`another ${left}`);
      return tricked(path, ...rest);
    };
    try {
      const response = await send(cold, { path: "/replaced.txt" });
      assert.equal(response.status, status);
      if (status === 200) assert.equal(await response.text(), "another 0");
    } finally {
      fs.promises.open = tricked;
    }
  }
  assert.ok(descriptors() <= before + 5, `${before} → ${descriptors()}`);
});

// [when the folder is turned into a link that leads out, whose `open` that is]
for (const [step, of] of [["look", fs], ["read", fs.promises]] as const) {
  test(`a folder that is turned into a link before a ${step} is not followed`, async () => {
    const folder = join(www, `turned-${step}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "secret.txt"), "harmless");
    const original = of.open as (...args: unknown[]) => unknown;
    const tricked = (...args: unknown[]): unknown => {
      if (fs.lstatSync(folder).isDirectory()) {
        renameSync(folder, `${folder}-away`);
        symlinkSync(root, folder);
      }
      return original(...args);
    };
    Object.assign(of, { open: tricked });
    try {
      const response = await send(cold, { path: `/turned-${step}/secret.txt` });
      assert.deepEqual([response.status, await response.text()], [404, "not found"]);
      assert.ok(fs.lstatSync(folder).isSymbolicLink());
    } finally {
      Object.assign(of, { open: original });
    }
  });
}

test("10,000 requests that are HEAD, 304, 412, 416 or aborted leave no file open", {
  timeout: 120_000,
}, async () => {
  const probes = [
    { method: "HEAD" },
    { fields: { "if-none-match": "*" } },
    { fields: { "if-match": '"x"' } },
    { fields: { range: "bytes=9999999-" } },
    { fields: { range: "bytes=0-300000,600000-900000" } },
  ];
  const before = descriptors();
  for (let i = 0; i < 200; i++) {
    await Promise.all(Array.from({ length: 50 }, async (_, k) => {
      const response = await send(cold, { path: "/big.bin", ...probes[k % probes.length] });
      const reader = response.body?.getReader();
      for (let reads = k % 4; reads > 0; reads--) await reader?.read();
      await reader?.cancel();
    }));
  }
  assert.ok(descriptors() <= before + 5, `${before} → ${descriptors()}`);
});
