/** Links that are switched, turned and exchanged while files are served through them. */
import assert from "node:assert/strict";
import fs, {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Handler, serveStatic } from "handwerk";
import { withStoppedClock } from "../support/fake_clock.ts";
import { temporary } from "../support/temp.ts";

const fallback: Handler = () => new Response("passed on", { status: 418 });
const long = (text: string): string => text.repeat(100_000);

/** Makes what is built in `build` find out where files are as on systems without `/proc`. */
function withoutProc<T>(build: () => T): T {
  const { readlinkSync } = fs;
  const refusing = (): never => {
    throw Object.assign(new Error("no /proc"), { code: "ENOENT" });
  };
  Object.assign(fs, { readlinkSync: refusing });
  try {
    return build();
  } finally {
    Object.assign(fs, { readlinkSync });
  }
}
const ways: Readonly<Record<string, <T>(build: () => T) => T>> = {
  "by descriptor": (build) => build(),
  "by path": withoutProc,
};

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** `ln -sfn` and `mv -T`: the link never leads nowhere. */
function switchLink(link: string, to: string): void {
  symlinkSync(to, `${link}.tmp`);
  renameSync(`${link}.tmp`, link);
}

async function seen(app: Handler, path: string, init?: RequestInit): Promise<string> {
  const response = await app(new Request(`http://host${path}`, init));
  return `${response.status} ${(await response.text()).slice(0, 20)}`;
}
async function listed(app: Handler, path: string): Promise<string[]> {
  const headers = { accept: "application/json" };
  const response = await app(new Request(`http://host${path}`, { headers }));
  if (response.status !== 200) return [String(response.status)];
  return (await response.json() as { name: string }[]).map(({ name }) => name);
}

const release = (n: number): Record<string, string> => ({
  "index.html": `release ${n}`,
  "long.txt": long(`release ${n} `),
  "sub/page.html": `page ${n}`,
  [`only-${n}.txt`]: "only",
});
const paths = ["/", "/index.html", "/long.txt", "/sub/page.html"];

for (const [way, build] of Object.entries(ways)) {
  test(`${way}: an export that is switched by a link serves the new release`, async () => {
    const root = temporary({});
    write(join(root, "releases/1"), release(1));
    switchLink(join(root, "current"), "releases/1");
    symlinkSync("current/index.html", join(root, "home.html"));
    const exports = { "/one": join(root, "home.html"), "/": join(root, "current") };
    const apps = build(() =>
      [{}, { revalidate: 0 }, false as const].map((hot) =>
        serveStatic(exports, { memoryCache: hot, listing: true })(fallback)
      )
    );
    await withStoppedClock(async (step) => {
      for (let n = 1; n < 4; n++) {
        step(10_000);
        for (const app of apps) {
          for (const path of [...paths, "/one"]) {
            assert.match(await seen(app, path), RegExp(`^200.* ${n}`));
          }
          assert.equal(await seen(app, `/only-${n + 1}.txt`), "418 passed on");
          assert.deepEqual(await listed(app, "/sub/"), ["page.html"]);
        }
        write(join(root, `releases/${n + 1}`), release(n + 1));
        switchLink(join(root, "current"), `releases/${n + 1}`);
        rmSync(join(root, `releases/${n}`), { recursive: true });
        step(1000);
        for (const app of apps) {
          for (const path of [...paths, "/one"]) {
            assert.match(await seen(app, path), RegExp(`^200.* ${n + 1}`), path);
          }
          assert.equal(await seen(app, `/only-${n + 1}.txt`), "200 only");
          assert.equal(await seen(app, `/only-${n}.txt`), "418 passed on");
        }
      }
    });
  });

  test(`${way}: an export that is gone for a moment is a miss for that long`, async () => {
    const root = temporary({ "www/index.html": "home", "one.txt": "one" });
    const app = build(() =>
      serveStatic({ "/one": join(root, "one.txt"), "/": join(root, "www") }, {
        memoryCache: { revalidate: 0 },
        listing: true,
      })(fallback)
    );
    for (let round = 0; round < 3; round++) {
      assert.deepEqual([await seen(app, "/"), await seen(app, "/one")], ["200 home", "200 one"]);
      renameSync(join(root, "www"), join(root, "away"));
      renameSync(join(root, "one.txt"), join(root, "away.txt"));
      assert.deepEqual([await seen(app, "/"), await seen(app, "/one")], [
        "418 passed on",
        "418 passed on",
      ]);
      renameSync(join(root, "away"), join(root, "www"));
      renameSync(join(root, "away.txt"), join(root, "one.txt"));
    }
    // A file that becomes a directory exports nothing that nobody exported.
    unlinkSync(join(root, "one.txt"));
    symlinkSync("www", join(root, "one.txt"));
    for (const path of ["/one", "/one/", "/one/index.html"]) {
      assert.equal(await seen(app, path), "418 passed on", path);
    }
  });

  test(`${way}: no request falls into the gap while releases are switched and removed`, async () => {
    const root = temporary({});
    const deploy = (n: number): void => {
      write(join(root, `releases/${n}`), { "index.html": `release ${n}`, "a/b.txt": `b ${n}` });
      switchLink(join(root, "current"), `releases/${n}`);
      rmSync(join(root, `releases/${n - 1}`), { recursive: true, force: true });
    };
    deploy(1);
    const app = build(() =>
      serveStatic({ "/": join(root, "current") }, { memoryCache: { revalidate: 0 } })(fallback)
    );
    for (let n = 2; n < 150; n++) {
      const asked = ["/", "/a/b.txt", "/index.html"].map((path) => seen(app, path));
      if (n % 2) await new Promise((resolve) => setImmediate(resolve));
      deploy(n);
      for (const text of await Promise.all(asked)) {
        assert.match(text, RegExp(`^200 \\w+ (?:${n - 1}|${n})$`));
      }
      assert.equal(await seen(app, "/"), `200 release ${n}`);
    }
  });

  test(`${way}: a ConfigMap of Kubernetes is served, and followed when it changes`, async () => {
    const root = temporary({});
    const mount = join(root, "config");
    const update = (n: number): void => {
      write(join(mount, `..2026_${n}`), { "site.html": `site ${n}`, "sub/deep.txt": `deep ${n}` });
      symlinkSync(`..2026_${n}`, join(mount, "..data_tmp"));
      renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
      rmSync(join(mount, `..2026_${n - 1}`), { recursive: true, force: true });
    };
    update(1);
    symlinkSync("..data/site.html", join(mount, "site.html"));
    symlinkSync("..data/sub", join(mount, "sub"));
    const options = {
      listing: true,
      disallow: [".*", "*.key"],
      memoryCache: { revalidate: 0 },
    } as const;
    const exports = {
      "/one": join(mount, "site.html"),
      "/data": join(mount, "..data"),
      "/": mount,
    };
    const app = build(() => serveStatic(exports, options)(fallback));
    for (let n = 1; n < 5; n++) {
      if (n > 1) update(n);
      assert.equal(await seen(app, "/site.html"), `200 site ${n}`);
      assert.equal(await seen(app, "/one"), `200 site ${n}`);
      assert.equal(await seen(app, "/data/site.html"), `200 site ${n}`);
      assert.equal(await seen(app, "/sub/deep.txt"), `200 deep ${n}`);
      assert.deepEqual(await listed(app, "/"), ["sub", "site.html"]);
      assert.deepEqual(await listed(app, "/sub/"), ["deep.txt"]);
      assert.equal(await seen(app, "/..data/site.html"), "418 passed on");
    }
  });

  for (const symlinks of ["inside", "deny"] as const) {
    test(`${way}: ${symlinks}: a hot folder that became a link to the outside is not served`, async () => {
      const root = temporary({ "www/a/hot.txt": "hot", "www/a/long.txt": long("l") });
      const folder = join(root, "www/a");
      const options = { symlinks, listing: true };
      const app = build(() => serveStatic({ "/": join(root, "www") }, options)(fallback));
      const exact = build(() =>
        serveStatic({ "/": join(root, "www") }, { ...options, memoryCache: { revalidate: 0 } })(
          fallback,
        )
      );
      await withStoppedClock(async (step) => {
        for (let round = 0; round < 2; round++) {
          step(10_000);
          for (const one of [app, exact]) {
            for (let i = 0; i < 10; i++) {
              assert.equal(await seen(one, "/a/hot.txt"), "200 hot");
              assert.match(await seen(one, "/a/long.txt"), /^200 l/);
            }
            assert.deepEqual(await listed(one, "/a/"), ["hot.txt", "long.txt"]);
          }
          // The very same files, with the same inodes and times.
          renameSync(folder, join(root, "outside"));
          symlinkSync("../outside", folder);
          step(1000);
          for (const one of [app, exact]) {
            assert.equal(await seen(one, "/a/hot.txt"), "418 passed on");
            assert.equal(await seen(one, "/a/long.txt"), "418 passed on");
            assert.deepEqual(await listed(one, "/a/"), ["418"]);
          }
          unlinkSync(folder);
          renameSync(join(root, "outside"), folder);
        }
      });
    });
  }

  test(`${way}: a folder and a link that are exchanged in a loop never show the outside`, {
    timeout: 60_000,
  }, async () => {
    const root = temporary({
      "www/a/x.txt": "harmless",
      "outside/x.txt": "SECRET",
      "outside/SECRET.txt": "SECRET",
      "outside/long.txt": long("SECRET"),
    });
    const folder = join(root, "www/a");
    symlinkSync("../outside", join(root, "www/link"));
    const exchange = (): void => {
      renameSync(folder, join(root, "www/b"));
      renameSync(join(root, "www/link"), folder);
      renameSync(join(root, "www/b"), join(root, "www/link"));
    };
    const options = { listing: true, notFoundPage: "none.html" } as const;
    const apps = build(() =>
      [{ revalidate: 0 }, { revalidate: 1 }, false as const].map((hot) =>
        serveStatic({ "/": join(root, "www") }, { ...options, memoryCache: hot })(fallback)
      )
    );
    const until = Date.now() + 1500;
    let asked = 0;
    const ask = async (app: Handler): Promise<void> => {
      for (; (Date.now() < until || asked < 200) && asked < 20_000; asked++) {
        const method = asked % 3 ? "GET" : "HEAD";
        const path = ["/a/x.txt", "/a/long.txt", "/a/"][asked % 4 ? asked % 2 : 2] ?? "";
        const response = await app(new Request(`http://host${path}`, { method }));
        const text = await response.text().catch(() => "broken off");
        assert.ok(!text.includes("SECRET"), `${path} after ${asked}: ${text.slice(0, 100)}`);
        if (response.status === 200 && path !== "/a/") {
          assert.equal(response.headers.get("content-length"), "8");
        }
      }
    };
    const asking = Promise.all(apps.flatMap((app) => [app, app, app]).map(ask));
    let exchanges = 0;
    const exchanging = setInterval(() => {
      for (let i = 0; i < 5; i++, exchanges++) exchange();
    });
    await asking.finally(() => clearInterval(exchanging));
    assert.ok(exchanges > 10, `${exchanges} exchanges in ${asked} requests`);
    if (exchanges % 2) exchange();
    for (const app of apps.slice(0, 1)) assert.equal(await seen(app, "/a/x.txt"), "200 harmless");
  });
}

test("lookups, opens and listings leave no descriptor open", async () => {
  const root = temporary({ "www/a/x.txt": "x", "www/long.txt": long("l"), "out/x.txt": "x" });
  symlinkSync("../out", join(root, "www/out"));
  symlinkSync("a/x.txt", join(root, "www/in.txt"));
  const app = serveStatic({ "/": join(root, "www") }, { listing: true, memoryCache: false })(
    fallback,
  );
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const ask = async (): Promise<void> => {
    for (const path of ["/", "/a/", "/a/x.txt", "/in.txt", "/long.txt", "/out/x.txt", "/none"]) {
      await seen(app, path);
    }
  };
  await ask();
  const before = descriptors();
  for (let i = 0; i < 50; i++) await ask();
  assert.ok(descriptors() <= before + 5, `${before} → ${descriptors()}`);
});
