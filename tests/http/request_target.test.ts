import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAuthority, parseRequestTarget } from "../../src/http/request_target.ts";

test("readTarget splits origin, path and query", () => {
  assert.deepEqual(parseRequestTarget("http://h:8000/a/b?c=/d?e#f", "h:8000"), {
    origin: "http://h:8000",
    path: "/a/b",
    canonical: "/a/b",
    query: "?c=/d?e",
  });
  assert.equal(parseRequestTarget("https://[::1]/#?x", null)?.query, "");
  assert.equal(parseRequestTarget("http://h/%61", null)?.path, "/%61");
  assert.equal(parseRequestTarget("http://h/%61", null)?.canonical, "/a");
  assert.equal(parseRequestTarget("http://h//evil.com/x", null)?.path, "//evil.com/x");
});

// What hosts have been seen to hand over for hostile or odd requests.
const refused: readonly (readonly [string, string | null, string])[] = [
  ["/p", "good/evil", "a relative URL (Bun, invalid Host)"],
  ["http://good/evil/p", "good/evil", "a path pasted in through Host (Deno, workerd)"],
  ["http://u:p@evil/p", "u:p@evil", "user information"],
  ["http://h/p?x", "h/p?x", "a query in Host"],
  ["http://h/", "h#x", "a fragment in Host"],
  ["http://front*", "front", "OPTIONS * on workerd"],
  ["http://front*/", "front", "an asterisk in the host"],
  ["http://h:99999/p", "h:99999", "a port that is none"],
  ["ftp://evil/p", "h", "another scheme in absolute form"],
  ["http://h", null, "no path"],
  ["http:///p", null, "no host"],
  ["http://a, b/p", "a, b", "two Host fields joined"],
  ["http://h/%zz", "h", "a broken escape"],
  ["http://h/a/../b", "h", "a dot segment"],
  ["http://h/\\evil.com", "h", "a backslash"],
  ["http://[h/p", null, "a broken IP literal"],
  ["", null, "nothing"],
];
for (const [url, host, why] of refused) {
  test(`readTarget refuses ${why}: ${url}`, () =>
    assert.equal(parseRequestTarget(url, host), undefined));
}

test("a Host that differs from the URL is allowed: middlewares rewrite URLs", () => {
  assert.equal(parseRequestTarget("http://inside/p", "outside:8000")?.origin, "http://inside");
});

test("readTarget reads what new URL reads, and never throws", () => {
  const url = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string());
  fc.assert(
    fc.property(url, fc.option(fc.string()), (url, host) => {
      const target = parseRequestTarget(url, host);
      if (!target) return;
      const parsed = new URL(url);
      assert.equal(target.path + target.query, url.slice(target.origin.length).split("#")[0]);
      assert.equal(parsed.origin, new URL(target.origin).origin);
      assert.equal(
        parsed.search,
        target.query === "?" ? "" : new URL(`http://h/${target.query}`).search,
      );
    }),
    { numRuns: 200 },
  );
});

test("isAuthority takes linear time", () => {
  for (const unit of ["a", ":", "[", "1:"]) isAuthority(unit.repeat(200_000));
});
