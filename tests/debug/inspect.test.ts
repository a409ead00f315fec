/** Values are inspected without running their code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectIds } from "../../src/debug/console/console.ts";
import { broken, inspectScope, inspectValue, membersOf } from "../../src/debug/console/inspect.ts";

class User {
  name = "Ada";
  #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}

const table: readonly (readonly [unknown, string, string])[] = [
  [undefined, "undefined", "undefined"],
  [null, "null", "null"],
  [true, "boolean", "true"],
  [-0, "number", "-0"],
  [Number.NaN, "number", "NaN"],
  [12n, "bigint", "12n"],
  ['a "b"\n', "string", '"a \\"b\\"\\n"'],
  [Symbol("s"), "symbol", "Symbol(s)"],
  [{}, "object", "{}"],
  [{ a: 1, b: { c: 2 } }, "object", "{ a: 1, b: {…} }"],
  [{ [Symbol.for("k")]: 1 }, "object", "{ [Symbol(k)]: 1 }"],
  [Object.create(null), "object", "[null prototype] {}"],
  [new User(), "object", 'User { name: "Ada" }'],
  [[1, "b", [2]], "array", '[1, "b", Array(1)]'],
  [[1, 2, 3, 4, 5, 6, 7], "array", "[1, 2, 3, 4, 5, … 2 more]"],
  [new Map([["a", 1]]), "map", 'Map(1) { "a" => 1 }'],
  [new Set([1, "x"]), "set", 'Set(2) { 1, "x" }'],
  [new Uint8Array([1, 2]), "typedarray", "Uint8Array(2) [1, 2]"],
  [new ArrayBuffer(8), "buffer", "ArrayBuffer(8)"],
  [new Date(0), "date", "1970-01-01T00:00:00.000Z"],
  [new Date(Number.NaN), "date", "Invalid Date"],
  [/a\/b/giu, "regexp", "/a\\/b/giu"],
  [Promise.resolve(1), "promise", "Promise"],
  [new RangeError("far"), "error", "RangeError: far"],
  [new WeakMap(), "object", "WeakMap {}"],
  [User, "class", "class User"],
  [function onlyHere() {}, "function", "function onlyHere"],
  [async () => {}, "function", "async function (anonymous)"],
];
for (const [value, kind, text] of table) {
  test(`${text} is shown`, () => {
    const shown = inspectValue(value);
    assert.deepEqual([shown.kind, shown.text], [kind, text]);
  });
}

test("getters and methods of a value are not called", () => {
  const never = (): never => {
    throw new Error("was called");
  };
  class Trap {
    static [Symbol.hasInstance] = never;
    get [Symbol.toStringTag](): string {
      return never();
    }
    toString = never;
    toJSON = never;
    [Symbol.toPrimitive] = never;
  }
  const value = Object.defineProperties(new Trap(), {
    x: { get: never, enumerable: true },
    y: { set: never, enumerable: true },
    constructor: { get: never },
  });
  const shown = inspectValue(value);
  assert.equal(shown.kind, "object");
  const accessors = shown.members?.filter((member) => member.value.kind === "getter");
  assert.deepEqual(accessors?.map(({ key, value }) => [key, value.text]), [
    ["x", "[Getter]"],
    ["y", "[Setter]"],
    ["constructor", "[Getter]"],
  ]);
  const regexp = Object.defineProperty(/a/g, "source", { get: never });
  assert.equal(inspectValue(Object.defineProperty(regexp, "flags", { get: never })).text, "/a/g");
  const date = Object.assign(new Date(0), { toISOString: never, getTime: never, valueOf: never });
  assert.equal(inspectValue(date).text, "1970-01-01T00:00:00.000Z");
  const map = Object.assign(new Map([[1, 2]]), { entries: never, [Symbol.iterator]: never });
  assert.match(inspectValue(map).text, /^Map\(1\) \{ 1 => 2/);
  const error = Object.defineProperty(new Error("m"), "message", { get: never });
  assert.equal(inspectValue(error).text, "Error");
});

test("a Proxy is named, and its traps are not called", () => {
  const called: string[] = [];
  const traps = new Proxy({}, {
    get: (_, name) => () => {
      called.push(String(name));
      throw new Error("a trap");
    },
  });
  const proxy = new Proxy(function target() {}, traps);
  assert.deepEqual(inspectValue(proxy), { kind: "proxy", text: "Proxy" });
  assert.equal(inspectValue({ proxy }).members?.[0]?.value.kind, "proxy");
  assert.equal(inspectValue(Object.create(proxy)).kind, "object");
  assert.deepEqual(called, []);
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.equal(inspectValue([revoked]).text, "[Proxy]");
});

test("a value that cannot be inspected is shown as such", () => {
  assert.deepEqual(broken(new Error("no keys")), {
    kind: "broken",
    text: "[cannot be shown: no keys]",
  });
  const hostile = new Proxy(new Error("no keys"), {
    getOwnPropertyDescriptor() {
      throw new Error("a trap");
    },
  });
  assert.equal(broken(hostile).text, "[cannot be shown]");
});

test("circular values end", () => {
  const value: Record<string, unknown> = { name: "x" };
  value["self"] = value;
  value["list"] = [value];
  const shown = inspectValue(value, { depth: 5 });
  assert.deepEqual(shown.members?.[1], {
    key: "self",
    value: { kind: "circular", text: "[Circular]" },
  });
  assert.equal(shown.members?.[2]?.value.members?.[0]?.value.kind, "circular");
});

test("depth, members and text are limited, and the rest is counted", () => {
  const deep = { a: { b: { c: 1 } } };
  assert.equal(
    inspectValue(deep, { depth: 2 }).members?.[0]?.value.members?.[0]?.value.members,
    undefined,
  );
  const many = inspectValue(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i])));
  assert.deepEqual([many.members?.length, many.more], [50, 10]);
  const long = inspectValue("x".repeat(1000), { text: 10 });
  assert.deepEqual([long.text, long.more], [`"${"x".repeat(10)}…`, 990]);
  const sparse = [0, 0, 0];
  sparse.length = 4_000_000_000;
  const huge = inspectValue(sparse, { members: 3 });
  assert.deepEqual([huge.members?.length, huge.more], [3, 3_999_999_997]);
  assert.equal(inspectValue(new Uint8Array(1e7)).members?.length, 50);
  assert.equal(inspectValue(new Map(Array.from({ length: 99 }, (_, i) => [i, i]))).more, 49);
});

test("holes, symbols and map keys are shown", () => {
  const list: unknown[] = [1];
  list[2] = 3;
  assert.equal(inspectValue(list).members?.[1]?.value.kind, "empty");
  const map = inspectValue(new Map([[{ a: 1 }, "v"]]));
  assert.deepEqual(map.members, [{ key: "{ a: 1 }", value: { kind: "string", text: '"v"' } }]);
  assert.equal(inspectValue({ [Symbol("s")]: 1 }).members?.[0]?.key, "[Symbol(s)]");
});

test("objects have ids for later, up to a limit", () => {
  const table = new ObjectIds(3);
  const keep = (value: object): string => table.keep(value);
  const inner = { deep: { deeper: 1 } };
  const shown = inspectValue({ inner }, { keep });
  const id = shown.members?.[0]?.value.id ?? "";
  assert.equal(table.get(id), inner);
  assert.equal(table.keep(inner), id, "the same object keeps its name");
  assert.deepEqual(membersOf(inner).map(({ key }) => key), ["deep"]);
  const ids = [1, 2, 3].map((n) => table.keep({ n }));
  assert.equal(table.get(id), undefined, "the oldest was forgotten");
  assert.ok(ids.every((id) => table.get(id)));
  assert.equal(inspectValue({}, { keep }).id, undefined, "nothing to ask for");
});

test("the variables of a frame are read by scope", () => {
  const values: Record<string, unknown> = { a: 1, self: { x: 1 } };
  const scopes = [
    { kind: "block", names: ["a", "gone", "early"] },
    { kind: "local", names: ["a", "self", "not a name"] },
    { kind: "module", names: ["gone2"] },
  ];
  const evaluate = (source: string): unknown => {
    if (source.startsWith("gone")) throw new ReferenceError(`${source} is not defined`);
    if (source === "early") throw new ReferenceError("Cannot access 'early' before initialization");
    return source.startsWith("this ===") ? true : values[source];
  };
  const shown = inspectScope({ scopes, evaluate });
  const lines = shown.map(({ key, value }) =>
    [key, value.text].concat(value.members?.map((m) => `${m.key} ${m.value.text}`) ?? [])
  );
  assert.deepEqual(lines, [
    [
      "block",
      "3 variables",
      "a 1",
      "gone [gone is not defined]",
      "early [Cannot access 'early' before initialization]",
    ],
    ["local", "2 variables", "a [shadowed]", "self { x: 1 }"],
    ["module", "1 variable", "gone2 [not used in this function]"],
  ]);
});
