/** Which failures are retried, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter } from "../../src/http/date.ts";
import type { FailedAttempt } from "handwerk";
import { retries, type RetriesOptions } from "handwerk/upstreams";
import { withRandom } from "../support/fake_clock.ts";

const lost: FailedAttempt = {
  method: "GET",
  attempts: 1,
  status: undefined,
  retryAfter: undefined,
  unsent: false,
  untried: true,
  timeLeft: Infinity,
};
const statuses = [502, 503];
// [failure, options, how long to wait, random number]
type Row = readonly [Partial<FailedAttempt>, RetriesOptions, number | undefined, number?];
const table: readonly Row[] = [
  [{}, {}, 0],
  [{ untried: false }, {}, 0],
  [{ attempts: 2 }, {}, undefined],
  [{ attempts: 2 }, { attempts: 3 }, 0],
  [{}, { attempts: 1 }, undefined],
  ...["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].map((method) => [{ method }, {}, 0] as const),
  ...["POST", "PATCH", "LINK", "get", ""].map((method) => [{ method }, {}, undefined] as const),
  [{ method: "POST", unsent: true }, {}, 0],
  [{ status: 502 }, {}, undefined],
  [{ status: 502 }, { statuses }, 0],
  [{ status: 500 }, { statuses }, undefined],
  [{ status: 503, method: "POST" }, { statuses }, undefined],
  // Retry-After applies to the upstream that sent it.
  [{ status: 503, retryAfter: "9" }, { statuses }, 0],
  [{ status: 503, retryAfter: "9", untried: false }, { statuses }, undefined],
  [{ status: 503, retryAfter: "1", untried: false }, { statuses, maxWait: 1000 }, 1000],
  [{ status: 503, retryAfter: "2", untried: false }, { statuses, maxWait: 1000 }, undefined],
  [
    { status: 503, retryAfter: "1", untried: false, timeLeft: 1000 },
    { statuses, maxWait: 1000 },
    undefined,
  ],
  [{ timeLeft: 0 }, {}, undefined],
  // A backoff doubles, up to a limit; a random part of up to a half is subtracted.
  [{}, { backoff: 100 }, 100],
  [{}, { backoff: 100 }, 75, 0.5],
  [{ attempts: 3 }, { attempts: 9, backoff: 100 }, 400],
  [{ attempts: 9 }, { attempts: 10, backoff: 1000 }, 30_000],
  [{ timeLeft: 100 }, { backoff: 100 }, undefined],
  [
    { status: 503, retryAfter: "1", untried: false },
    { statuses, maxWait: 1000, backoff: 3000 },
    3000,
  ],
];
for (const [failure, options, expected, chance = 0] of table) {
  test(`${JSON.stringify(failure)} with ${JSON.stringify(options)}: ${expected}`, async () => {
    const retry = retries(options);
    retry.begin();
    await withRandom(
      () => chance,
      () => assert.equal(retry.wait({ ...lost, ...failure }), expected),
    );
  });
}

test("retries: an outage costs no more than the budget: 1.1 attempts per request and the burst", () => {
  for (const attempts of [2, 5, 100]) {
    const retry = retries({ attempts });
    const requests = 100_000;
    let sent = 0;
    for (let i = 0; i < requests; i++) {
      retry.begin();
      for (let sentSoFar = 1;; sentSoFar++) {
        sent++;
        if (retry.wait({ ...lost, attempts: sentSoFar }) === undefined) break;
      }
    }
    assert.ok(sent <= 1.1 * requests + 10, `${sent}`);
    assert.ok(sent >= 1.09 * requests, `${sent}`);
  }
});

test("retries: no more than the burst is saved", () => {
  const retry = retries({ burst: 3 });
  for (let i = 0; i < 1000; i++) retry.begin();
  const waits = Array.from({ length: 5 }, () => retry.wait(lost));
  assert.deepEqual(waits, [0, 0, 0, undefined, undefined]);
});

test("retries: a failure without a retry costs no budget", () => {
  const retry = retries({ burst: 1, budget: 0 });
  for (let i = 0; i < 9; i++) retry.wait({ ...lost, method: "POST" });
  assert.equal(retry.wait(lost), 0);
  assert.equal(retry.wait(lost), undefined);
});

test("retries: options out of bounds are refused", () => {
  const wrong = [{ attempts: 0 }, { budget: -1 }, { burst: 0 }, { maxWait: Infinity }];
  for (const options of wrong) assert.throws(() => retries(options), /^TypeError: retries: /);
});

test("Retry-After is a number of seconds or a date", () => {
  const now = Date.UTC(2026, 10, 25, 12);
  const cases = {
    "0": 0,
    " 120 ": 120_000,
    "Wed, 25 Nov 2026 12:00:30 GMT": 30_000,
    "Wed, 25 Nov 2026 11:00:00 GMT": 0,
    "-1": undefined,
    "1.5": undefined,
    "1e3": undefined,
    "soon": undefined,
    "": undefined,
  };
  for (const [value, expected] of Object.entries(cases)) {
    assert.equal(parseRetryAfter(value, now), expected, value);
  }
});
