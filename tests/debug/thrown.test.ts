import assert from "node:assert/strict";
import { test } from "node:test";
import { readThrown, type Thrown } from "../../src/debug/thrown.ts";

const named = (name: string, more: object): object =>
  Object.assign(new Error(`the ${name}`), { name, ...more });
const outline = ({ name, message, related }: Thrown): unknown => [
  name,
  message,
  ...related.map(({ relation, thrown }) => [relation, outline(thrown)]),
];

const values: readonly (readonly [unknown, string, string])[] = [
  ["boom", "string", '"boom"'],
  [undefined, "undefined", "undefined"],
  [null, "null", "null"],
  [42n, "bigint", "42"],
  [Symbol("s"), "symbol", "Symbol(s)"],
  [{ code: 3, deep: {} }, "Object", ""],
  [Object.create(null), "object", ""],
  [Promise, "Promise", ""],
  [() => 1, "function", ""],
  [new Headers(), "Headers", ""],
  [Object.freeze(new TypeError("cold")), "TypeError", "cold"],
  [new DOMException("gone", "AbortError"), "AbortError", "gone"],
  [Object.assign(new Error("x"), { stack: undefined }), "Error", "x"],
  [Object.assign(new Error("x"), { stack: 7, name: "" }), "Error", "x"],
];
for (const [value, name, message] of values) {
  test(`a thrown ${name} ${message} is read`, () => {
    const thrown = readThrown(value);
    if (name !== "function") assert.equal(thrown.name, name);
    assert.equal(thrown.message, message);
    assert.equal(typeof thrown.note, thrown.lines.length > 0 ? "undefined" : "string");
  });
}

test("causes, members and suppressed errors are read, in order", () => {
  const error = named("Outer", {
    cause: new AggregateError([new TypeError("one"), "two"], "several", { cause: 3 }),
    error: new Error("later"),
    suppressed: new Error("first"),
  });
  assert.deepEqual(outline(readThrown(error)), [
    "Outer",
    "the Outer",
    ["error", ["Error", "later"]],
    ["suppressed", ["Error", "first"]],
    ["cause", [
      "AggregateError",
      "several",
      ["member", ["TypeError", "one"]],
      ["member", ["string", '"two"']],
      ["cause", ["number", "3"]],
    ]],
  ]);
});

test("causes that form a circle end; the number of errors is bounded", () => {
  const [a, b] = [new Error("a"), new Error("b")];
  a.cause = b;
  b.cause = a;
  const { related } = readThrown(a);
  assert.deepEqual(outline(readThrown(a)), ["Error", "a", ["cause", ["Error", "b", ["cause", [
    "Error",
    "a",
  ]]]]]);
  assert.match(related[0]?.thrown.related[0]?.thrown.note ?? "", /above/);
  const crowd = readThrown(new AggregateError(Array.from({ length: 10_000 }, (_, i) => i)));
  assert.ok(crowd.related.length <= 40);
  let chain: Error = new Error("0");
  for (let i = 1; i < 10_000; i++) chain = new Error(String(i), { cause: chain });
  assert.ok(JSON.stringify(outline(readThrown(chain))).length < 2000);
});

test("getters and traps that throw do no harm", () => {
  const fail = (): never => {
    throw new Error("a trap");
  };
  const getters = {};
  for (const key of ["name", "message", "stack", "cause", "errors", "code"]) {
    Object.defineProperty(getters, key, { get: fail, enumerable: true });
  }
  assert.equal(readThrown(getters).name, "Object");
  const proxy = new Proxy({}, {
    get: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
  });
  assert.equal(readThrown(proxy).name, "object");
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.equal(readThrown(revoked).name, "object");
  const endless = {
    message: "m",
    get cause(): object {
      return {
        ...this,
        cause: Object.getOwnPropertyDescriptor(endless, "cause")?.get?.call(this) as unknown,
      };
    },
  };
  assert.equal(readThrown(endless).message, "m");
  const huge = readThrown(
    Object.assign(new Error("y".repeat(1e6)), { stack: "at x (\n".repeat(1e6) }),
  );
  assert.ok(huge.message.length <= 10_000 && huge.lines.length <= 200);
});

test("properties are shown, except secrets and objects", () => {
  const error = Object.assign(new Error("x"), {
    code: "ENOENT",
    errno: -2,
    apiToken: "hush",
    config: { password: "hush" },
    run: () => 1,
  });
  assert.deepEqual(readThrown(error).details, [
    ["code", '"ENOENT"'],
    ["errno", "-2"],
    ["apiToken", "••••••"],
  ]);
});
