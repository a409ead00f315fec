import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mapLink, mapRefresh, splitLinks } from "../../src/http/references.ts";
import { mapCookie } from "../../src/http/cookies.ts";

const mark = (reference: string): string => `[${reference}]`;

for (
  const [value, expected] of [
    ["5; url=/x", "5; url=[/x]"],
    ["0;URL='/x'", "0;URL='[/x]'"],
    ['1.5 , url = "/x" rest', '1.5 , url = "[/x]" rest'],
    ["5;url=", "5;url="],
    ["5", "5"],
    ["5;", "5;"],
    ["5; ", "5; "],
    ["5; /x", "5; [/x]"],
    ["5, /x", "5, [/x]"],
    ["5 /x", "5 [/x]"],
    [" 5 ;/x", " 5 ;[/x]"],
    [".5;/x", ".5;[/x]"],
    ['5;"/x" y', '5;"[/x]" y'],
    ["5; url='/x", "5; url='[/x]"],
    ["5; urls", "5; [urls]"],
    ["5; url /x", "5; [url /x]"],
    ["5/x", "5/x"],
    ["/x", "/x"],
    ["x; url=/x", "x; url=/x"],
    ["", ""],
    ["5; url=/$&/%0d%0a", "5; url=[/$&/%0d%0a]"],
  ] as const
) {
  test(`Refresh: ${value}`, () => assert.equal(mapRefresh(value, mark), expected));
}

for (
  const [value, expected] of [
    ["</x>; rel=preload", "<[/x]>; rel=preload"],
    ["</a>, </b>; rel=next,</c>", "<[/a]>, <[/b]>; rel=next,<[/c]>"],
    ['</a>; title="<no>, <no>", </b>', '<[/a]>; title="<no>, <no>", <[/b]>'],
    ['</a>; title="\\"<no>", </b>', '<[/a]>; title="\\"<no>", <[/b]>'],
    ["<>", "<[]>"],
    ["</a", "</a"],
    ['</a>; title="open </b>', '<[/a]>; title="open </b>'],
    ["rel=next", "rel=next"],
    ["", ""],
    ["<<a>>", "<[<a]>>"],
  ] as const
) {
  test(`Link: ${value}`, () => assert.equal(mapLink(value, mark), expected));
}

for (
  const [value, expected] of [
    ["</a>; rel=preload", ["</a>; rel=preload"]],
    ["</a>, </b>; as=style ,</c>", ["</a>", "</b>; as=style", "</c>"]],
    ['</a,b>; title="c, \\", d", </e>', ['</a,b>; title="c, \\", d"', "</e>"]],
    ["</a, </b>", ["</a, </b>"]],
    ["</a", ["</a"]],
    [", ,", []],
    ["", []],
  ] as const
) {
  test(`the links of ${value}`, () => assert.deepEqual(splitLinks(value), expected));
}

test("references that stay leave any value as it is", () => {
  const text = fc.string({
    unit: fc.constantFrom("<", ">", '"', "\\", ",", ";", "a", "url=", "5", " "),
  });
  fc.assert(fc.property(text, (value) => {
    assert.equal(mapLink(value, (same) => same), value);
    assert.equal(mapRefresh(value, (same) => same), value);
    const cookie = mapCookie(value, { keepsDomain: () => true, path: (same) => same });
    assert.equal(cookie, value);
  }));
});

test("long values are read in time", () => {
  for (const part of ["<", '"', '\\"', "<>", ",", ";Path=", "url=", " "]) {
    const value = part.repeat(100_000);
    mapLink(value, mark);
    splitLinks(value);
    mapRefresh(`5;${value}`, mark);
    mapCookie(value, { keepsDomain: () => false, path: mark });
  }
});

const cookies = {
  keepsDomain: (domain: string) => domain === "kept.example",
  path: (path: string) => path === "/" ? "/app" : path,
};
for (
  const [value, expected] of [
    ["a=1", "a=1"],
    ["a=1; Path=/", "a=1; Path=/app"],
    ["a=1; path = / ; Secure", "a=1; Path=/app; Secure"],
    ["a=1;Path=/x;HttpOnly", "a=1;Path=/x;HttpOnly"],
    ["a=1; Domain=up.example; Secure", "a=1; Secure"],
    ["a=1; Domain=.UP.example; domain=up.example", "a=1"],
    ["a=1; Domain=.Kept.example", "a=1; Domain=.Kept.example"],
    ["a=Path=/; Path=/", "a=Path=/; Path=/app"],
    ["Domain=x", "Domain=x"],
    ["Path=/; Path=/", "Path=/; Path=/app"],
    ['a="x; Path=/"', 'a="x; Path=/"'],
    ["__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"],
    ["__host-a=1; Path=/; Secure", "__host-a=1; Path=/; Secure"],
    ["__Secure-a=1; Path=/", "__Secure-a=1; Path=/app"],
    ["a=$&; Path=/", "a=$&; Path=/app"],
    ["", ""],
    [";;", ";;"],
  ] as const
) {
  test(`Set-Cookie: ${value}`, () => assert.equal(mapCookie(value, cookies), expected));
}
