import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Field } from "handwerk";
import { forwardedTrailers, takesTrailers } from "../../src/http/trailer_fields.ts";

const after = async (trailers: readonly Field[], fields: readonly Field[] = []): Promise<unknown> =>
  await forwardedTrailers({ fields, trailers: Promise.resolve(trailers) }).fields;

for (
  const [te, expected] of [
    [null, false],
    ["", false],
    ["trailers", true],
    ["Trailers", true],
    ["gzip;q=0.5 ,\ttrailers , deflate", true],
    ["trailers-x", false],
    ["x-trailers", false],
    ["gzip; a=trailers", false],
    ["deflate", false],
  ] as const
) {
  test(`TE: ${te} ${expected ? "takes" : "does not take"} trailer fields`, () => {
    assert.equal(takesTrailers(te), expected);
  });
}

test("metadata goes on, several lines of a field and their order, too", async () => {
  const fields: Field[] = [
    ["X-Sum", "1"],
    ["server-timing", "db;dur=53"],
    ["x-sum", "2"],
    ["content-digest", "sha-256=:AA==:"],
    ["repr-digest", "sha-256=:AA==:"],
    ["etag", '"x"'],
    ["grpc-status", "0"],
    ["proxy-status", "up; error=http_response_incomplete"],
  ];
  assert.deepEqual(
    await after(fields),
    fields.flatMap(([name, value]) => [name.toLowerCase(), value]),
  );
});

// RFC 9110 §6.5.1, and what a recipient that merges trailer fields could be fooled with.
for (
  const name of [
    "Transfer-Encoding",
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Content-Range",
    "Content-Security-Policy",
    "Host",
    "Connection",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "If-Match",
    "Range",
    "Max-Forwards",
    "Cache-Control",
    "Age",
    "Vary",
    "Date",
    "Expires",
    "Location",
    "Link",
    "Retry-After",
    "Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Set-Cookie",
    "Cookie",
    "Strict-Transport-Security",
    "Access-Control-Allow-Origin",
    "Sec-WebSocket-Accept",
    "X-Forwarded-For",
    "Forwarded",
    "Via",
    "a b",
    "",
    ":status",
    "x\r\ny",
  ]
) {
  test(`${JSON.stringify(name)} does not come after the content`, async () => {
    assert.deepEqual(await after([[name, "x"], ["x-sum", "1"]]), ["x-sum", "1"]);
    const { announced } = forwardedTrailers({ fields: [["Trailer", `${name}, X-Sum`]] });
    assert.equal(announced, "x-sum");
  });
}

test("what Connection names stays behind, and what no field can hold", async () => {
  const fields: Field[] = [["Connection", "X-Hop, close"], ["Connection", "x-other"]];
  const trailers: Field[] = [["x-hop", "1"], ["X-Other", "2"], ["x-sum", "3"], ["x-bad", "a\r\nb"]];
  assert.deepEqual(await after(trailers, fields), ["x-sum", "3"]);
});

test("content that failed has none", async () => {
  assert.deepEqual(
    await forwardedTrailers({ fields: [], trailers: Promise.reject(new Error("cut")) }).fields,
    [],
  );
});

test("whatever comes, nothing goes on that could end a line or frame content", async () => {
  const name = fc.oneof(fc.string(), fc.constantFrom("content-length", "transfer-encoding", "x"));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.string())), async (trailers) => {
      const list = await after(trailers) as string[];
      for (let i = 0; i < list.length; i += 2) {
        assert.match(list[i] ?? "", /^[\w!#$%&'*+\-.^`|~]+$/);
        assert.doesNotMatch(list[i] ?? "", /^(?:content-length|transfer-encoding)$/i);
        assert.doesNotMatch(list[i + 1] ?? "", /[\r\n\0]/);
      }
    }),
  );
});
