import assert from "node:assert/strict";
import { test } from "node:test";
import {
  evaluatePreconditions,
  ifRangeHolds,
  type PreconditionResult,
} from "../../src/http/preconditions.ts";

const modified = Date.UTC(1994, 10, 6, 8, 49, 37) + 500;
const same = "Sun, 06 Nov 1994 08:49:37 GMT";
const before = "Sun, 06 Nov 1994 08:49:36 GMT";
const after = "Mon, 07 Nov 1994 08:49:37 GMT";
const strong = { etag: '"tag"', lastModified: modified };
const weak = { etag: 'W/"tag"', lastModified: modified };

// RFC 9110 §13.2.2: [why, method, fields, validators, outcome]
const cases:
  readonly (readonly [string, string, Record<string, string>, object, PreconditionResult])[] = [
    ["no precondition", "GET", {}, strong, "proceed"],
    ["If-Match that matches", "GET", { "if-match": '"tag"' }, strong, "proceed"],
    ["If-Match in a list", "GET", { "if-match": '"x", "tag"' }, strong, "proceed"],
    ["If-Match of anything", "GET", { "if-match": "*" }, strong, "proceed"],
    ["If-Match of another", "GET", { "if-match": '"x"' }, strong, "failed"],
    ["If-Match compares strongly", "GET", { "if-match": 'W/"tag"' }, weak, "failed"],
    ["If-Match without a tag of ours", "GET", { "if-match": '"tag"' }, {}, "failed"],
    ["If-Unmodified-Since later", "GET", { "if-unmodified-since": after }, strong, "proceed"],
    ["If-Unmodified-Since the same", "GET", { "if-unmodified-since": same }, strong, "proceed"],
    ["If-Unmodified-Since before", "GET", { "if-unmodified-since": before }, strong, "failed"],
    ["If-Unmodified-Since no date", "GET", { "if-unmodified-since": "1994" }, strong, "proceed"],
    [
      "If-Match goes before If-Unmodified-Since",
      "GET",
      {
        "if-match": '"tag"',
        "if-unmodified-since": before,
      },
      strong,
      "proceed",
    ],
    ["If-None-Match that matches", "GET", { "if-none-match": '"tag"' }, strong, "not modified"],
    ["If-None-Match to HEAD", "HEAD", { "if-none-match": '"tag"' }, strong, "not modified"],
    ["If-None-Match to PUT", "PUT", { "if-none-match": '"tag"' }, strong, "failed"],
    ["If-None-Match compares weakly", "GET", { "if-none-match": '"tag"' }, weak, "not modified"],
    ["If-None-Match in a list", "GET", { "if-none-match": '"x",W/"tag"' }, strong, "not modified"],
    ["If-None-Match of anything", "GET", { "if-none-match": "*" }, strong, "not modified"],
    ["If-None-Match of another", "GET", { "if-none-match": '"x"' }, strong, "proceed"],
    ["If-Modified-Since the same", "GET", { "if-modified-since": same }, strong, "not modified"],
    ["If-Modified-Since later", "GET", { "if-modified-since": after }, strong, "not modified"],
    ["If-Modified-Since before", "GET", { "if-modified-since": before }, strong, "proceed"],
    ["If-Modified-Since no date", "GET", { "if-modified-since": "1994-11-07" }, strong, "proceed"],
    ["If-Modified-Since to POST", "POST", { "if-modified-since": same }, strong, "proceed"],
    [
      "If-Modified-Since without a time of ours",
      "GET",
      { "if-modified-since": same },
      {},
      "proceed",
    ],
    [
      "If-None-Match goes before If-Modified-Since",
      "GET",
      {
        "if-none-match": '"x"',
        "if-modified-since": same,
      },
      strong,
      "proceed",
    ],
    [
      "If-Match goes before If-None-Match",
      "GET",
      {
        "if-match": '"x"',
        "if-none-match": '"tag"',
      },
      strong,
      "failed",
    ],
  ];
for (const [why, method, fields, validators, outcome] of cases) {
  test(`${why}: ${outcome}`, () => {
    assert.equal(
      evaluatePreconditions(method, new Headers(fields), validators, Date.now()),
      outcome,
    );
  });
}

const now = modified + 60_000;
// RFC 9110 §13.1.5: [why, field value, validators, time of the answer, whether it holds]
const ifRange: readonly (readonly [string, string, object, number, boolean])[] = [
  ["the strong tag", '"tag"', strong, now, true],
  ["another tag", '"x"', strong, now, false],
  ["a weak tag", 'W/"tag"', weak, now, false],
  ["a strong tag against a weak one", '"tag"', weak, now, false],
  ["no tag of ours", '"tag"', {}, now, false],
  ["the exact date", same, weak, now, true],
  ["an earlier date", before, weak, now, false],
  ["a later date", after, weak, now, false],
  ["a date that is not yet strong", same, weak, modified + 1000, false],
  ["no date of ours", same, {}, now, false],
  ["no date", "1994-11-06", weak, now, false],
];
for (const [why, value, validators, time, holds] of ifRange) {
  test(`If-Range with ${why} ${holds ? "holds" : "does not hold"}`, () => {
    assert.equal(ifRangeHolds(value, validators, time), holds);
  });
}
