/** The laws of compose, dispatch and the mount, as properties. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compose, dispatch, type Handler, type Middleware, type Mount, mountOf } from "handwerk";
import { canonicalPath } from "../src/http/path.ts";

const runs = { numRuns: 150 };

// Few names, so that mounts and paths meet; some are the beginning of others.
const name = fc.constantFrom("a", "b", "ab", "a.b", "gr%C3%BC%C3%9Fe", "a%2Fb", "~");
const mountName = fc.constantFrom("a", "b", "ab", "a.b", "grüße", "~");
const mount = fc.array(mountName, { minLength: 1, maxLength: 3 }).map((names) =>
  `/${names.join("/")}`
);
/** The same name, needlessly escaped or in lower case escapes. */
const spelled = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    name,
    name.replaceAll("a", "%61"),
    name.toLowerCase(),
    name.replaceAll("~", "%7e"),
  );
const pathname = fc.tuple(
  fc.array(name.chain(spelled), { maxLength: 5 }),
  fc.constantFrom("", "/"),
).map(([names, slash]) => `/${names.join("/")}${slash}`.replace(/^\/\/$/, "/"));
const query = fc.constantFrom("", "?", "?q=/a/b&r=%2F", "?//evil.com");

interface Seen {
  readonly by: string;
  readonly url: string;
  readonly base: string;
  readonly path: string;
}
/** A foreign handler that tells what it sees. */
const witness = (by: string): Handler => (request) => {
  const { base, path } = mountOf(request);
  return Response.json({ by, url: request.url, base, path } satisfies Seen);
};
const see = async (handler: Handler, url: string): Promise<Seen> =>
  await (await handler(new Request(url))).json() as Seen;
const same = async (one: Handler, other: Handler, url: string): Promise<void> =>
  assert.deepEqual(await see(one, url), await see(other, url));

const table = (mounts: readonly string[], tag = ""): Record<string, Handler> =>
  Object.fromEntries(mounts.map((mount) => [mount, witness(tag + mount)]));
const fallback = witness("fallback");
const mounts = fc.uniqueArray(mount, { maxLength: 6 });
const url = fc.tuple(pathname, query).map(([path, query]) => `http://host:8000${path}${query}`);

/** A request path is likelier to be under a mount when it starts with one. */
const tableAndUrl = mounts.chain((mounts) =>
  fc.tuple(
    fc.constant(mounts),
    mounts.length === 0
      ? url
      : fc.tuple(fc.constantFrom("", ...mounts), url).map(([mount, url]) =>
        new URL(url.replace("http://host:8000", `http://host:8000${mount}`)).href
      ),
  )
);

const tag = (name: string): Middleware => (inner) => async (request, ...args) => {
  const response = await inner(request, ...args);
  return new Response(response.body, {
    headers: { by: `${name}(${response.headers.get("by") ?? ""})` },
  });
};

test("compose()(h) is h", () => {
  const handler = witness("h");
  assert.equal(compose()(handler), handler);
});

test("compose is associative", async () => {
  const names = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(names, names, names, async (...groups) => {
      const [x, y, z] = groups.map((names) => compose(...names.map(tag)));
      assert.ok(x && y && z);
      const left = compose(compose(x, y), z)(fallback);
      const right = compose(x, compose(y, z))(fallback);
      const flat = compose(...groups.flat().map(tag))(fallback);
      const [one, two, three] = await Promise.all(
        [left, right, flat].map(async (app) =>
          (await app(new Request("http://h/"))).headers.get("by")
        ),
      );
      assert.equal(one, two);
      assert.equal(one, three);
    }),
    { numRuns: 50 },
  );
});

test("dispatch({})(h) does what h does", async () => {
  await fc.assert(
    fc.asyncProperty(url, (url) => same(dispatch({})(fallback), fallback, url)),
    runs,
  );
});

test("dispatch(m) twice is dispatch(m)", async () => {
  await fc.assert(
    fc.asyncProperty(tableAndUrl, async ([mounts, url]) => {
      const middleware = dispatch(table(mounts));
      await same(middleware(middleware(fallback)), middleware(fallback), url);
    }),
    runs,
  );
});

test("the order of the mounts does not matter", async () => {
  await fc.assert(
    fc.asyncProperty(
      tableAndUrl.chain(([mounts, url]) =>
        fc.tuple(
          fc.constant(mounts),
          fc.shuffledSubarray(mounts, { minLength: mounts.length, maxLength: mounts.length }),
          fc.constant(url),
        )
      ),
      ([mounts, shuffled, url]) =>
        same(dispatch(table(mounts))(fallback), dispatch(table(shuffled))(fallback), url),
    ),
    runs,
  );
});

test("the chosen mount is the longest one on a segment boundary", async () => {
  await fc.assert(
    fc.asyncProperty(tableAndUrl, async ([mounts, url]) => {
      const path = canonicalPath(new URL(url).pathname);
      assert.ok(path !== undefined);
      const [expected] = mounts
        .filter((mount) => `${path}/`.startsWith(`${encodeURI(mount)}/`))
        .toSorted((a, b) => b.split("/").length - a.split("/").length);
      const seen = await see(dispatch(table(mounts))(fallback), url);
      assert.equal(seen.by, expected ?? "fallback");
    }),
    runs,
  );
});

test("a dispatch in a mount is the flat table with joined mounts", async () => {
  await fc.assert(
    fc.asyncProperty(mount, tableAndUrl, async (outer, [inner, url]) => {
      const under = url.replace("http://host:8000", `http://host:8000${encodeURI(outer)}`);
      const nested = dispatch({ [outer]: dispatch(table(inner))(witness("under")) })(fallback);
      const flat = dispatch({
        [outer]: witness("under"),
        ...Object.fromEntries(inner.map((mount) => [outer + mount, witness(mount)])),
      })(fallback);
      await same(nested, flat, url);
      await same(nested, flat, under);
    }),
    runs,
  );
});

test("base + path is the pathname, base never ends in a slash, path is empty or begins with one", async () => {
  await fc.assert(
    fc.asyncProperty(mount, tableAndUrl, async (outer, [mounts, url]) => {
      const target = url.replace("http://host:8000", `http://host:8000${encodeURI(outer)}`);
      const app = dispatch({ [outer]: dispatch(table(mounts))(fallback) })(fallback);
      const { base, path } = await see(app, target);
      assert.equal(base + path, new URL(target).pathname);
      assert.ok(!base.endsWith("/"));
      assert.match(path, /^(?:\/|$)/);
    }),
    runs,
  );
});

/** What dispatch would be if every mount rewrote the URL at once. */
const rewriting =
  (mounts: Record<string, Handler>): Middleware => (inner) => (request, ...args) => {
    const url = new URL(request.url);
    const { pathname } = url;
    const [found] = Object.entries(mounts)
      .filter(([mount]) => `${canonicalPath(pathname)}/`.startsWith(`${encodeURI(mount)}/`))
      .toSorted(([a], [b]) => b.split("/").length - a.split("/").length);
    if (!found) return inner(request, ...args);
    url.pathname = `/${pathname.split("/").slice(found[0].split("/").length).join("/")}`;
    return found[1](new Request(url, request));
  };

test("a foreign handler sees what it would see if every mount had rewritten", async () => {
  await fc.assert(
    fc.asyncProperty(mount, mount, tableAndUrl, async (one, two, [mounts, url]) => {
      const target = url.replace("http://host:8000", `http://host:8000${encodeURI(one + two)}`);
      const nest = (dispatch: (mounts: Record<string, Handler>) => Middleware): Handler =>
        dispatch({ [one]: dispatch({ [two]: dispatch(table(mounts))(fallback) })(fallback) })(
          fallback,
        );
      const [ours, theirs] = [
        await see(nest(dispatch), target),
        await see(nest(rewriting), target),
      ];
      assert.deepEqual([ours.by, ours.url], [theirs.by, theirs.url]);
    }),
    runs,
  );
});

test("the mount of the received request is restored after success and after rejection", async () => {
  await fc.assert(
    fc.asyncProperty(tableAndUrl, fc.boolean(), async ([mounts, url], fails) => {
      const places: Mount[] = [];
      const end: Handler = (request) => {
        places.push(mountOf(request));
        return fails ? Promise.reject(new Error("seeded")) : new Response();
      };
      const table = Object.fromEntries(mounts.map((mount) => [mount, end]));
      const app = dispatch(table, { removePrefix: false })(end);
      const request = new Request(url);
      const before = mountOf(request);
      for (const _ of [1, 2]) {
        try {
          await app(request);
          assert.ok(!fails);
        } catch (error) {
          assert.ok(fails, String(error));
        }
        assert.deepEqual(mountOf(request), before);
      }
      assert.deepEqual(places[0], places[1], "a second call sees what the first saw");
    }),
    runs,
  );
});
