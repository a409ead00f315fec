/** Load-balancing policies, by simulation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Balancer, SelectionContext, Upstream } from "handwerk";
import {
  first,
  hashBy,
  type HashKey,
  leastConnections,
  randomTwo,
  roundRobin,
} from "handwerk/upstreams";
import { seeded, withRandom } from "../support/fake_clock.ts";

type Simulated = Upstream & { inFlight: number };
const upstream = (name: string, weight = 1): Simulated => ({
  url: new URL(`http://${name}/`),
  weight,
  inFlight: 0,
});
const asked = (init?: RequestInit, path = "/", clientAddress?: string): SelectionContext => ({
  request: new Request(`http://front${path}`, init),
  clientAddress,
});
const some = asked();
const sequence = (balance: Balancer, upstreams: readonly Upstream[], count: number): string =>
  Array.from({ length: count }, () => balance(upstreams, some).url.host).join("");

test("round robin: upstreams take turns", () => {
  const upstreams = ["a", "b", "c"].map((name) => upstream(name));
  assert.equal(sequence(roundRobin(), upstreams, 7), "abcabca");
});

test("round robin with weights 5, 1, 1 is smooth, over 100000 requests", () => {
  const upstreams = [upstream("a", 5), upstream("b"), upstream("c")];
  const count = 100_000;
  const expected = "aabacaa".repeat(Math.ceil(count / 7)).slice(0, count);
  assert.equal(sequence(roundRobin(), upstreams, count), expected);
});

test("round robin: every run of requests is as close to the weights as it can be", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(weights, (weights) => {
    const upstreams = weights.map((weight, i) => upstream(`u${i}`, weight));
    const total = weights.reduce((a, b) => a + b);
    const balance = roundRobin();
    const counts = new Map<Upstream, number>();
    for (let i = 0; i < total; i++) {
      const chosen = balance(upstreams, some);
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    for (const each of upstreams) assert.equal(counts.get(each), each.weight);
  }));
});

test("round robin: continues among the remaining upstreams", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => upstream(name)) as [
    Upstream,
    Upstream,
    Upstream,
  ];
  const balance = roundRobin();
  assert.equal(sequence(balance, [a, b, c], 3), "abc");
  assert.equal(sequence(balance, [a, c], 4), "acac");
  assert.equal(sequence(balance, [a, b, c], 3).split("").toSorted().join(""), "abc");
});

test("least connections: the fewest in flight for the weight; equals take turns", () => {
  const [a, b] = [upstream("a"), upstream("b", 3)];
  const balance = leastConnections();
  for (let i = 0; i < 8; i++) (balance([a, b], some) as Simulated).inFlight++;
  assert.deepEqual([a.inFlight, b.inFlight], [2, 6]);
  assert.equal(
    sequence(leastConnections(), ["x", "y", "z"].map((name) => upstream(name)), 6),
    "xyzxyz",
  );
});

test("first: the first upstream", () => {
  assert.equal(sequence(first(), [upstream("a"), upstream("b")], 3), "aaa");
});

/** The most that one of 20 upstreams has in flight while requests of random length come. */
function worst(balance: Balancer, seed: number): number {
  const random = seeded(seed);
  const upstreams = Array.from({ length: 20 }, (_, i) => upstream(`u${i}`));
  const ends: Simulated[][] = [];
  let most = 0;
  for (let time = 0; time < 5000; time++) {
    for (const ended of ends[time] ?? []) ended.inFlight--;
    const chosen = balance(upstreams, some) as Simulated;
    most = Math.max(most, ++chosen.inFlight);
    (ends[time + 1 + Math.floor(random() * 199)] ??= []).push(chosen);
  }
  return most; // 100 in flight on the average, 5 each
}

test("random two: the highest load stays near the others, unlike with one random choice", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = seeded(seed);
    const one: Balancer = (upstreams) =>
      upstreams[Math.floor(random() * upstreams.length)] ?? upstream("");
    const worstOfOne = worst(one, seed);
    let worstOfTwo = 0;
    await withRandom(random, () => void (worstOfTwo = worst(randomTwo(), seed)));
    assert.ok(worstOfTwo <= 9, `${worstOfTwo}`);
    assert.ok(worstOfOne >= 13, `${worstOfOne}`);
    assert.ok(worst(leastConnections(), seed) <= worstOfTwo);
  }
});

test("random two: of two upstreams, the one with fewer in flight", async () => {
  const [a, b] = [upstream("a"), upstream("b")];
  a.inFlight = 1;
  await withRandom(
    seeded(1),
    () => assert.equal(sequence(randomTwo(), [a, b], 20), "b".repeat(20)),
  );
  assert.equal(randomTwo()([a], some), a);
});

const byHeader = hashBy({ header: "x-key" });
const keyed = (key: string): SelectionContext => asked({ headers: { "x-key": key } });

test("hash: an added upstream takes its share, and no other key moves", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 2, maxLength: 9 });
  fc.assert(fc.property(names, fc.integer(), (names, seed) => {
    const after = names.map((name) => upstream(name));
    const before = after.slice(0, -1);
    const added = after.at(-1);
    for (let i = 0; i < 50; i++) {
      const request = keyed(`${seed} ${i}`);
      const now = byHeader(after, request);
      if (now !== added) assert.equal(now, byHeader(before, request));
    }
  }));
});

test("hash: shares match the weights, in any order of the upstreams", () => {
  const upstreams = [upstream("a"), upstream("b", 2), upstream("c"), upstream("d", 4)];
  const reversed = upstreams.toReversed();
  const counts = new Map<Upstream, number>();
  const balance = hashBy(({ clientAddress }) => clientAddress);
  const count = 40_000;
  for (let i = 0; i < count; i++) {
    const request: SelectionContext = { ...some, clientAddress: `10.0.${i >> 8}.${i & 255}` };
    const chosen = balance(upstreams, request);
    assert.equal(balance(reversed, request), chosen);
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  for (const each of upstreams) {
    const share = (counts.get(each) ?? 0) / count;
    assert.ok(Math.abs(share - each.weight / 8) < 0.01, `${each.url.host} ${share}`);
  }
});

// [name, key, makes a request with the key]
const together: readonly (readonly [string, HashKey, (key: string) => SelectionContext])[] = [
  ["the address", "address", (key) => asked({}, "/", key)],
  ["the path", "path", (key) => asked({}, `/${key}?${Math.random()}`)],
  ["a field", { header: "X-Key" }, keyed],
  [
    "a cookie",
    { cookie: "id" },
    (key) => asked({ headers: { cookie: `x=id=3; grid=7; id=${key}; idx=4` } }),
  ],
  ["a function", ({ request }) => request.headers.get("x-key") ?? undefined, keyed],
];
for (const [name, key, make] of together) {
  test(`hash by ${name}: the same key gets the same upstream; keys spread`, () => {
    const upstreams = ["a", "b", "c"].map((name) => upstream(name));
    const balance = hashBy(key);
    const chosen = new Set<Upstream>();
    for (let i = 0; i < 40; i++) {
      const first = balance(upstreams, make(`k${i}`));
      assert.equal(balance(upstreams, make(`k${i}`)), first);
      chosen.add(first);
    }
    assert.equal(chosen.size, 3);
  });
}

test("hash: requests without the key use the fallback policy", () => {
  const upstreams = ["a", "b", "c"].map((name) => upstream(name));
  for (const key of [{ cookie: "id" }, { header: "x-key" }, "address"] as const) {
    assert.equal(sequence(hashBy(key), upstreams, 6), "abcabc");
  }
  assert.equal(sequence(hashBy("address", first()), upstreams, 3), "aaa");
});

test("hash: wrong keys are refused", () => {
  for (const key of [undefined, null, "", "ip", {}, { header: "no name" }, { cookie: 1 }]) {
    assert.throws(() => hashBy(key as HashKey), TypeError, JSON.stringify(key));
  }
});
