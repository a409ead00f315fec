/** A console evaluates source in a frame, or with globals only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ConsoleAnswer, createConsole } from "../../src/debug/console/console.ts";
import { balanceOf } from "../../src/debug/console/statement.ts";
import { runtimeName } from "../../src/runtime.ts";
import { type Evaluate, indirectEval } from "../../src/debug/indirect_eval.ts";

/** Workers forbid code from strings, except while they start. */
const evaluates = runtimeName() !== "Workers";

const brief = (answer: ConsoleAnswer): string => {
  if ("error" in answer) return `! ${String(answer.error)}`;
  return "incomplete" in answer ? "…" : answer.value.text;
};
/** Checks the answer to each input of one console. */
async function dialogue(
  lines: readonly (readonly [string, string | RegExp])[],
  timeout = 60_000,
): Promise<void> {
  const console = createConsole(undefined, { timeout });
  for (const [source, expected] of lines) {
    const answer = brief(await console.run(source));
    if (typeof expected === "string") assert.equal(answer, expected, source);
    else assert.match(answer, expected, source);
  }
  console.dispose();
}

const dialogues: Readonly<Record<string, readonly (readonly [string, string | RegExp])[]>> = {
  "declarations are kept, and can be repeated": [
    ["let x = 1, y = 2", "undefined"],
    ["const z = x + y", "undefined"],
    ["z", "3"],
    ["let x = 'again'", "undefined"],
    ["x", '"again"'],
    ["x = 5; x * 2", "10"],
    ["x", "5"],
    ["class A { m() { return x } }", "undefined"],
    ["new A().m()", "5"],
    ["function f(n) { return n + z }", "undefined"],
    ["f(1)", "4"],
    ["var v = 1", "undefined"],
    ["v + typeof globalThis.v", '"1undefined"'],
    ["const { p, q: [r] } = { p: 1, q: [2] }", "undefined"],
    ["p + r", "3"],
  ],
  "a failed input declares nothing": [
    ["let x = 1", "undefined"],
    ["let x = missing", /ReferenceError/],
    ["x", "1"],
    ["const x = await Promise.reject(new Error('no'))", "! Error: no"],
    ["x", "1"],
  ],
  "await works at the top level": [
    ["await Promise.resolve(4)", "4"],
    ["const a = await Promise.resolve(4); a * 2", "8"],
    ["a", "4"],
    ["let b = await 3\nb", "3"],
    ["for await (const c of [1, 2]) { b += c }", "undefined"],
    ["b", "6"],
    ["if (await true) { b = 0 }", "undefined"],
    ["await 1 // b; a", "1"],
    ["await 'x; y'", '"x; y"'],
    ["async () => await 1", "async function (anonymous)"],
    ["async function g() { return await 7 }", "undefined"],
    ["await g()", "7"],
    ["const d = await 1; [d]", "[1]"],
    ["let e = await 1\n;({ e })", "{ e: 1 }"],
    ["await Promise.reject(new TypeError('late'))", "! TypeError: late"],
    ["Promise.resolve(1)", "Promise"],
    ["Promise.reject(new Error('nobody handles this'))", "Promise"],
  ],
  "the last value is _": [
    ["6 * 7", "42"],
    ["_ + 1", "43"],
    ["undefined", "undefined"],
    ["_", "43"],
    ["await 5", "5"],
    ["_", "5"],
  ],
  "an object literal is not a block": [
    ["{ a: 1 }", "{ a: 1 }"],
    ["{}", "{}"],
    ["{ let a = 1; a + 1 }", "2"],
    ["1;\n2", "2"],
    ["// only a comment", "undefined"],
    ["", "undefined"],
    ["function () {}", "function (anonymous)"],
  ],
  "an unfinished input is incomplete": [
    ["foo(", "…"],
    ["[1, {", "…"],
    ["`a ${", "…"],
    ["`a", "…"],
    ["/* a", "…"],
    ["1 +", "…"],
    ["const x =", "…"],
    ["function f(a)", "…"],
    ["if (true)", "…"],
    ["if (true) {", "…"],
    ["try { 1 }", "…"],
    ["true ? 1", "…"],
    ["class A {", "…"],
    ["x = await (", "…"],
    ["[1,\n2\n]", "[1, 2]"],
    ["'a\\\nb'", '"ab"'],
    ["/[(]/.test('(')", "true"],
    ["`}${'{'}`", '"}{"'],
    ["4 / 2 / 1", "2"],
  ],
  "an input that no continuation completes is an error": [
    ["a b", /! SyntaxError/],
    ["foo(]", /! SyntaxError/],
    ["'abc", /! SyntaxError/],
    [")", /! SyntaxError/],
    ["let let = 1", /! SyntaxError/],
    ["foo(\n\n", /! SyntaxError/],
    ["throw new RangeError('mine')", "! RangeError: mine"],
    ["throw 'text'", "! text"],
  ],
};
for (const [name, lines] of Object.entries(dialogues)) {
  if (evaluates) test(name, () => dialogue(lines));
}

if (evaluates) {
  test("an endless loop ends", async () => {
    await dialogue([
      ["let n = 0", "undefined"],
      ["for (;;) n++", "! TimeoutError: this took longer than 250 ms"],
      ["n > 0", "true"],
      ["await (async () => { for (;;); })()", /! TimeoutError/],
    ], 250);
  });
}

test("where code from strings is forbidden, the answer is that error", async () => {
  const forbidden: Evaluate = evaluates
    ? () => {
      throw new EvalError("forbidden");
    }
    : indirectEval();
  const answer = await createConsole(forbidden).run("1 + 1");
  assert.ok("error" in answer && answer.error instanceof EvalError);
});

if (evaluates) {
  const inFrame = (strict: string, own = ""): Evaluate =>
    indirectEval()(
      `(function frame(local) { ${strict} ${own} const held = [local]; return (s) => eval(s) })`,
    ) as Evaluate;
  const frame = (strict: string, own = ""): Evaluate =>
    (inFrame(strict, own) as unknown as (this: object, local: number) => Evaluate)
      .call({ me: 1 }, 7);

  for (const strict of ["", "'use strict';"]) {
    test(`a frame is seen and changed${strict && ", in strict code"}`, async () => {
      const console = createConsole(frame(strict));
      const run = async (source: string): Promise<string> => brief(await console.run(source));
      assert.equal(await run("local + held[0]"), "14");
      assert.equal(await run("this.me + arguments.length"), "2");
      await run("local = 8");
      await run("let held = 'mine'");
      assert.equal(await run("held + local"), '"mine8"');
      assert.equal(await run("await local"), "8");
      console.dispose();
    });
  }

  test("names of the frame win over those of the console", async () => {
    const own = "let _ = 'lodash', dump = 1, console = { log: () => 'own' };";
    const console = createConsole(frame("", own), { names: { extra: "e", held: "hidden" } });
    const run = async (source: string): Promise<string> => brief(await console.run(source));
    assert.equal(await run("_ + dump + console.log()"), '"lodash1own"');
    assert.equal(await run("_"), '"lodash"');
    assert.equal(await run("extra"), '"e"');
    assert.equal(await run("held"), "[7]");
    console.dispose();
  });

  test("the answer has the output of the console", async () => {
    const console = createConsole();
    const answer = await console.run(
      "console.log('a', { b: 1 }); console.error(2); console.table([3])",
    );
    assert.deepEqual(answer.output, ["a { b: 1 }", "2", "0\t3"]);
    assert.deepEqual((await console.run("1")).output, []);
    const flood = await console.run("for (let i = 0; i < 5000; i++) console.log('x')");
    assert.equal(flood.output.length, 1001);
    assert.deepEqual((await console.run("console.log('x'); throw 1")).output, ["x"]);
    console.dispose();
  });

  test("dump, help and $import", async () => {
    const console = createConsole(frame(""), { scopes: [{ kind: "local", names: ["local"] }] });
    const all = await console.run("dump()");
    assert.ok("value" in all);
    assert.deepEqual(all.value.members?.map(({ key }) => key), ["local", "this"]);
    const one = await console.run("dump({ a: { b: { c: 1 } } })");
    assert.ok("value" in one);
    assert.equal(one.value.members?.[0]?.value.members?.[0]?.value.text, "{ c: 1 }");
    assert.match((await console.run("help()")).output[0] ?? "", /\$import/);
    assert.match((await console.run("help(frame)")).output[0] ?? "", /^function frame\(local\)/);
    assert.match((await console.run("help(new Map())")).output[0] ?? "", /forEach/);
    const path = await console.run("(await $import('node:path')).posix.join('a', 'b')");
    assert.equal(brief(path), '"a/b"');
    console.dispose();
  });

  test("members can be asked for until the console is disposed", async () => {
    const console = createConsole();
    const answer = await console.run("({ a: { b: [1] } })");
    assert.ok("value" in answer);
    const id = answer.value.members?.[0]?.value.id ?? "";
    assert.deepEqual(console.members(id)?.map(({ key }) => key), ["b"]);
    assert.equal(console.members("guessed"), undefined);
    console.dispose();
    assert.equal(console.members(id), undefined);
    assert.match(brief(await console.run("1")), /this console has expired/);
  });

  test("an input that took too long does not undo later declarations", async () => {
    const console = createConsole(undefined, { waitTimeout: 10 });
    const late = console.run("const early = 1; await new Promise((r) => setTimeout(r, 30)); 2");
    await console.run("const mine = 'kept'");
    assert.match(brief(await late), /TimeoutError/);
    await new Promise((resolve) => void setTimeout(resolve, 40));
    assert.equal(brief(await console.run("mine")), '"kept"');
    console.dispose();
  });

  test("$import resolves from the working directory, and built-in modules", async () => {
    const console = createConsole();
    assert.equal(brief(await console.run("(await $import('path')).posix.sep")), '"/"');
    const own = "typeof (await $import('./src/debug/console/inspect.ts')).inspectValue";
    assert.equal(brief(await console.run(own)), '"function"');
    assert.equal(
      brief(await console.run("typeof (await $import('fast-check')).assert")),
      '"function"',
    );
    assert.match(brief(await console.run("await $import('./missing.js')")), /^! /);
    console.dispose();
  });

  test("waiting is limited", async () => {
    const console = createConsole(undefined, { waitTimeout: 10 });
    assert.match(brief(await console.run("await new Promise(() => {})")), /TimeoutError/);
    assert.equal(brief(await console.run("1")), "1");
    console.dispose();
  });
}

test("a scan finds open, even and broken brackets", () => {
  const closed = fc.anything({ withBigInt: false, withDate: false }).map((value) =>
    JSON.stringify(value) ?? "0"
  );
  const wraps = ["(%)", "[%]", "{%}", "`${%}`", "/* ) */(%)", "'('+%", "/[(]/.test(%)", "% // ("];
  fc.assert(fc.property(closed, fc.constantFrom(...wraps), (value, wrap) => {
    const [before = "", after = ""] = wrap.split("%");
    assert.equal(balanceOf(before + value + after), "even");
    assert.equal(balanceOf(`(${before}${value}${after}\n`), "open");
    assert.equal(balanceOf(`${before}${value}${after}\n)`), "broken");
  }));
  const unit = fc.constantFrom(
    "`",
    "${",
    "}",
    "/",
    "*",
    "'",
    '"',
    "\\",
    "(",
    ")",
    "[",
    "]",
    "\n",
    "a",
  );
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    assert.match(balanceOf(text), /^(?:even|open|broken)$/);
  }));
  for (const hostile of ["`${", "(", "/", "/*", "'\\", "=/a", "`"]) {
    assert.match(balanceOf(hostile.repeat(20_000)), /open|even/, hostile);
  }
});
