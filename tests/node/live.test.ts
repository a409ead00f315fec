/** Live frames: code is evaluated in the frames of errors after they were thrown. */
import assert from "node:assert/strict";
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import inspector from "node:inspector";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { createConsole } from "../../src/debug/console/console.ts";
import { inspectScope, inspectValue } from "../../src/debug/console/inspect.ts";
import { indirectEval } from "../../src/debug/indirect_eval.ts";
import { liveFrames, RateLimit } from "../../src/debug/live/live_frames.ts";
import type { CapturedFrame } from "../../src/debug/types.ts";

const MODULE = import.meta.resolve("../../src/debug/live/live_frames.ts");
// Each look at the clock is a second later, so that the rate limit is not reached.
const realNow = performance.now.bind(performance);
let time = 0;
performance.now = () => time += 1000;
after(() => performance.now = realNow);
const live = liveFrames(8);
/** Does work with another clock. */
async function withNow(now: () => number, work: () => unknown): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(performance, "now");
  performance.now = now;
  try {
    await work();
  } finally {
    if (before) Object.defineProperty(performance, "now", before);
  }
}

/** The value that work throws. */
async function thrownBy(work: () => unknown, frames = live): Promise<unknown> {
  try {
    await frames.run(work);
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
/** The innermost frame of the value that work throws. */
async function frameOf(work: () => unknown): Promise<CapturedFrame> {
  const error = await thrownBy(work);
  const frame = live.framesOf(error)[0]?.[0];
  assert.ok(frame, "no frame");
  return frame;
}
const tick = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

test("the status is live, and no port is open", () => {
  assert.equal(live.status, "live");
  assert.equal(inspector.url(), undefined);
});

/** Calls a function that is made of a string. */
const run = (body: string): void =>
  (indirectEval()(`(function () { ${body} })\n//# sourceURL=file:///made.js`) as () => void)();
// Each has a variable `held`, and throws; `held` is read afterwards.
const shapes: Readonly<Record<string, () => unknown>> = {
  "a function": () => {
    const held = 22;
    throw new Error(`x${held}`);
  },
  "an async function, after it has waited": async () => {
    const held = 22;
    await tick();
    throw new Error(`x${held}`);
  },
  "a promise that is rejected": () => {
    const held = 22;
    return Promise.reject(new Error(`x${held}`));
  },
  "a promise that is rejected later": () =>
    new Promise((_, reject) => {
      setTimeout(() => {
        const held = 22;
        reject(new Error(`x${held}`));
      }, 1);
    }),
  "a generator": () => {
    function* numbers(): Generator<number> {
      const held = 22;
      yield held;
      throw new Error("x");
    }
    return [...numbers()];
  },
  "an async generator": async () => {
    async function* numbers(): AsyncGenerator<number> {
      const held = 22;
      yield held;
      await tick();
      throw new Error("x");
    }
    for await (const _ of numbers());
  },
  "a getter": () => {
    const object = {
      get broken(): number {
        const held = 22;
        throw new Error(`x${held}`);
      },
    };
    return object.broken;
  },
  "a trap of a Proxy": () => {
    const proxy = new Proxy<Record<string, unknown>>({}, {
      get() {
        const held = 22;
        throw new Error(`x${held}`);
      },
    });
    return proxy["a"];
  },
  "a callback of an array": () =>
    [22].map((held) => {
      throw new Error(`x${held}`);
    }),
  "a constructor": () => {
    class Broken {
      readonly name = "broken";
      constructor() {
        const held = 22;
        throw new Error(`x${held}`);
      }
    }
    return new Broken();
  },
  "an error of the engine": () => {
    const held = 22;
    return (held as unknown as { a: { b: number } }).a.b;
  },
  "a DOMException": () => {
    const held = 22;
    throw new DOMException(`x${held}`, "DataError");
  },
  "an AggregateError": () => {
    const held = 22;
    throw new AggregateError([new Error(`x${held}`)], "several");
  },
  "a frozen error": () => {
    const held = 22;
    throw Object.freeze(new Error(`x${held}`));
  },
  "an object without a prototype": () => {
    const held = 22;
    throw Object.assign(Object.create(null) as object, { held });
  },
  "a text": () => {
    const held = 22;
    throw `text${held}`;
  },
  "undefined": () => {
    const held = 22;
    if (held) throw undefined;
  },
  "a bigint": () => {
    const held = 22;
    throw BigInt(held);
  },
  "a symbol": () => {
    const held = 22;
    throw Symbol.for(`x${held}`);
  },
  "a stream that is read": () => {
    const stream = new ReadableStream({
      async pull() {
        const held = 22;
        await tick();
        throw new Error(`x${held}`);
      },
    });
    return stream.getReader().read();
  },
  "a frame with an eval of its own": () => {
    run("const eval = () => 'hijacked'; const held = 22; throw new Error('x' + held)");
  },
  "code that was text": () => {
    run("const held = 22; throw new Error('x' + held)");
  },
};
for (const [name, work] of Object.entries(shapes)) {
  test(`a frame of ${name} can be evaluated in`, async () => {
    const frame = await frameOf(work);
    assert.equal(frame.evaluate("held + 20"), 42);
    assert.ok(frame.scopes.some(({ names }) => names.includes("held")));
    assert.match(frame.url, /^file:/);
    assert.ok(frame.line > 0 && frame.column > 0);
  });
}

test("the frames are those of the stack, the innermost first, up to the limit", async () => {
  function deep(depth: number): never {
    if (depth === 0) throw new Error("deep");
    return deep(depth - 1);
  }
  const error = await thrownBy(() => deep(20));
  const [frames = []] = live.framesOf(error);
  assert.deepEqual(frames.map((frame) => frame.evaluate("depth")), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(frames.every(({ name }) => name === "deep"));
});

test("a frame has this, arguments, private names, closures, and can be changed", async () => {
  const outside = { count: 1 };
  class Account {
    #pin = 1234;
    check(_guess: number): never {
      const inner = [outside];
      if (this.#pin) {
        const block = "b";
        throw new Error(block + inner.length);
      }
      throw new Error("never");
    }
  }
  const frame = await frameOf(() => new Account().check(5));
  assert.equal(frame.name, "check");
  assert.equal(frame.evaluate("this.#pin"), 1234);
  assert.equal(frame.evaluate("arguments[0]"), 5);
  assert.equal(frame.evaluate("inner[0]"), outside);
  frame.evaluate("outside.count = 2");
  assert.equal(outside.count, 2);
  assert.equal(frame.evaluate("_guess = 6; _guess"), 6);
  assert.equal(frame.evaluate("_guess"), 6);
});

test("an error thrown again has all of its frames", async () => {
  function first(): never {
    const at = "first";
    throw new Error(at);
  }
  function second(): void {
    const at = "second";
    try {
      first();
    } catch (error) {
      if (at) throw error;
    }
  }
  const error = await thrownBy(second);
  const ats = live.framesOf(error).map(([frame]) => frame?.evaluate("at"));
  assert.deepEqual(ats, ["first", "second"]);
  const cached = new Error("cached");
  for (let i = 0; i < 10; i++) {
    await thrownBy(() => {
      throw cached;
    });
  }
  assert.equal(live.framesOf(cached).length, 4);
});

test("simultaneous runs do not mix, even if they throw the same string", async () => {
  const request = async (id: number): Promise<unknown> => {
    const error = await thrownBy(async () => {
      await tick();
      const held = id;
      if (held >= 0) throw "the same text";
    });
    return live.framesOf(error)[0]?.[0]?.evaluate("held");
  };
  const ids = Array.from({ length: 10 }, (_, id) => id);
  assert.deepEqual(await Promise.all(ids.map(request)), ids);
});

test("an error outside of a run is not captured", async () => {
  let other: unknown;
  const running = live.run(() => new Promise((resolve) => void setTimeout(resolve, 10)));
  try {
    throw new Error("other");
  } catch (error) {
    other = error;
  }
  await running;
  assert.deepEqual(live.framesOf(other), []);
  assert.deepEqual(live.framesOf(new Error("never thrown")), []);
});

test("without a run, nothing pauses on exceptions", async () => {
  let asked = 0;
  const own = liveFrames(8);
  const fail = (): void => {
    try {
      throw new Error("caught");
    } catch {
      asked++;
    }
  };
  const cost = (work: () => unknown): number => {
    const before = asked;
    work();
    return asked - before;
  };
  await withNow(() => asked += 1000, async () => {
    assert.equal(own.status, "live");
    assert.equal(cost(fail), 1);
    const running = own.run(tick);
    assert.ok(cost(fail) > 1000);
    await running;
    assert.equal(cost(fail), 1);
  });
});

test("run returns the result of the work unchanged", async () => {
  const promise = Promise.resolve(1);
  assert.equal(live.run(() => promise), promise);
  assert.equal(live.run(() => 7), 7);
  const error = new Error("as it is");
  await assert.rejects(live.run(() => Promise.reject(error)), error);
});

test("AsyncLocalStorage has the values of the time of the throw", async () => {
  const storage = new AsyncLocalStorage<string>();
  const frame = await storage.run("the request's", () =>
    frameOf(async () => {
      await tick();
      throw new Error(storage.getStore());
    }));
  assert.equal(frame.evaluate("storage.getStore()"), "the request's");
  const console = createConsole(frame.evaluate, { ...frame, timeout: 250 });
  const read = async (source: string): Promise<unknown> => {
    const answer = await console.run(source);
    return "value" in answer ? answer.value.text : "error" in answer ? String(answer.error) : "";
  };
  assert.equal(await read("storage.getStore()"), `"the request's"`);
  assert.equal(await read("await 1; storage.getStore()"), `"the request's"`);
  assert.match(String(await read("for (;;);")), /TimeoutError/);
  assert.equal(storage.getStore(), undefined);
  assert.equal(await read("storage.getStore()"), `"the request's"`);
  console.dispose();
});

test("a console works in a frame", async () => {
  class Cart {
    #items = [1, 2];
    total(): never {
      let sum = 0;
      for (const item of this.#items) sum += item;
      throw new Error(`${sum}`);
    }
  }
  const frame = await frameOf(() => new Cart().total());
  const console = createConsole(frame.evaluate, frame);
  const run = async (source: string): Promise<string> => {
    const answer = await console.run(source);
    return "value" in answer ? answer.value.text : JSON.stringify(answer);
  };
  assert.equal(await run("sum"), "3");
  assert.equal(await run("const twice = sum * 2"), "undefined");
  assert.equal(await run("twice"), "6");
  assert.equal(await run("this.#items"), "[1, 2]");
  assert.equal(await run("await this.#items.length"), "2");
  assert.equal(await run("(await $import('node:os')).EOL.length"), "1");
  assert.match(await run("dump()"), /variables/);
  console.dispose();
});

test("the variables of a frame are shown by scope", async () => {
  const outer = "o";
  const frame = await frameOf(() => {
    const local = { a: 1 };
    if (local) {
      const outer = "inner";
      throw new Error(outer);
    }
    const early = local;
    return early;
  });
  assert.ok(outer);
  const shown = inspectScope(frame);
  const all = shown.flatMap(({ key, value }) =>
    value.members?.map((member) => `${key} ${member.key} ${member.value.text}`) ?? []
  );
  assert.ok(all.includes('block outer "inner"'), all.join("\n"));
  assert.ok(all.includes("local local { a: 1 }"), all.join("\n"));
  assert.ok(
    all.some((line) => line.startsWith("local early [Cannot access 'early'")),
    all.join("\n"),
  );
});

test("hidden members: private fields; private accessors are not called", async () => {
  class Base {
    #base = { deep: 1n };
    get open(): unknown {
      return this.#base;
    }
  }
  class Vault extends Base {
    #pin = 1234;
    label = "v";
    get #never(): number {
      throw new Error("was called");
    }
    fail(): never {
      throw new Error(this.label + (this.#pin || this.#never));
    }
  }
  const vault = new Vault();
  const frame = await frameOf(() => vault.fail());
  const shown = inspectScope(frame, { depth: 1 }).at(-1);
  const names = shown?.value.members?.map(({ key, value }) => `${key} ${value.text}`);
  assert.deepEqual(names, ['label "v"', "#base { deep: 1n }", "#pin 1234"]);
  const console = createConsole(frame.evaluate, frame);
  const answer = await console.run("this");
  assert.ok("value" in answer);
  assert.deepEqual(console.members(answer.value.id ?? "")?.map(({ key }) => key), [
    "label",
    "#base",
    "#pin",
  ]);
  console.dispose();
});

test("hidden members: the state of a promise and the target of a Proxy, without a trap", async () => {
  const called: PropertyKey[] = [];
  const traps = new Proxy({}, {
    get: (_, trap) => {
      called.push(trap);
      return undefined;
    },
  });
  const frame = await frameOf(() => {
    const proxy = new Proxy({ a: 1 }, traps);
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const promises = [Promise.resolve({ b: 2 }), new Promise(() => {})];
    throw new Error([typeof proxy, typeof revoked, promises.length].join());
  });
  const shown = (name: string): unknown =>
    inspectValue(frame.evaluate(name), { hiddenMembers: frame.hiddenMembers ?? (() => []) })
      .members?.filter(({ key }) => key.startsWith("[[")) // beside those that Node adds
      .map(({ key, value }) => `${key} ${value.text}`);
  called.length = 0;
  assert.deepEqual(shown("proxy"), ["[[Target]] { a: 1 }"]);
  assert.deepEqual(shown("revoked"), ["[[Target]] null"]);
  assert.deepEqual(shown("promises[0]"), [
    '[[PromiseState]] "fulfilled"',
    "[[PromiseResult]] { b: 2 }",
  ]);
  assert.deepEqual(shown("promises[1]"), [
    '[[PromiseState]] "pending"',
    "[[PromiseResult]] undefined",
  ]);
  assert.deepEqual(called, []);
});

test("getters in the object of a with are not variables", async () => {
  const frame = await frameOf(() => run("with ({ a: 1, get b() { return 2 } }) { throw a; }"));
  assert.deepEqual(frame.scopes.find(({ kind }) => kind === "with")?.names, ["a"]);
});

test("variables that the engine has optimised away are unavailable", async () => {
  function hot(n: number, fail: boolean): number {
    let sum = 0;
    for (let i = 0; i < 100; i++) sum += i * n;
    if (fail) throw new Error("hot");
    return sum;
  }
  for (let i = 0; i < 50_000; i++) hot(i, false);
  const [local] = inspectScope(await frameOf(() => hot(1, true)));
  const shown = local?.value.members?.map(({ key, value }) => `${key} ${value.text}`) ?? [];
  assert.equal(shown[0], "n 1");
  assert.match(shown[2] ?? "", /^sum (?:4950|\[Cannot access 'sum' from debugger\]|undefined)$/);
});

test("frames of the host and of Node are left out", async () => {
  const error = await thrownBy(() => [1].map(() => readFileSync("/does/not/exist")));
  const [frames = []] = live.framesOf(error);
  assert.deepEqual(frames.map(({ url }) => url === import.meta.url), [true, true]);
});

test("frames of another realm have names but no evaluation", async () => {
  const sandbox = createContext({ callback: () => "" });
  const inside = runInContext(
    "(callback) => { const held = 1; if (held) return callback(); }",
    sandbox,
    { filename: "file:///other.js" },
  ) as (callback: () => never) => void;
  const error = await thrownBy(() =>
    inside(() => {
      const held = 2;
      throw new Error(`x${held}`);
    })
  );
  const [frames = []] = live.framesOf(error);
  assert.deepEqual(frames.map(({ url }) => url === "file:///other.js"), [false, true, false]);
  assert.equal(frames[0]?.evaluate("held"), 2);
  assert.throws(() => frames[1]?.evaluate("held"), /nothing can be evaluated/);
  assert.ok(frames[1]?.scopes.some(({ names }) => names.includes("held")));
});

test("it works in a worker", async () => {
  const worker = new Worker(
    `import { parentPort } from "node:worker_threads";
    const { liveFrames } = await import(${JSON.stringify(MODULE)});
    const live = liveFrames(8);
    try {
      live.run(() => { const held = 42; throw new Error("x" + held); });
    } catch (error) {
      parentPort.postMessage(live.framesOf(error)[0]?.[0]?.evaluate("held"));
    }
    //# sourceURL=file:///worker.js`,
    { eval: true },
  );
  const [answer] = await once(worker, "message") as [unknown];
  assert.equal(answer, 42);
  await worker.terminate();
});

test("a string that is thrown after its run is captured, within bounds", async () => {
  const throwLate = live.run(() =>
    AsyncResource.bind((text: string) => {
      throw text;
    })
  );
  await live.run(async () => {
    for (let i = 0; i < 30; i++) {
      try {
        throwLate(`late ${i}`);
      } catch {
        await tick();
      }
    }
  });
  assert.equal(live.framesOf("late 29")[0]?.[0]?.evaluate("text"), "late 29");
  assert.deepEqual(live.framesOf("late 0"), []);
});

test("two captures in one process are independent", () => {
  const other = liveFrames(8);
  const thrown = new Error("after the inner one");
  assert.throws(() =>
    live.run(() => {
      assert.equal(other.run(() => 1), 1);
      throw thrown;
    }), thrown);
  assert.equal(live.framesOf(thrown).length, 1);
  assert.equal(other.framesOf(thrown).length, 0);
});

test("a debugger statement does not pause", () => {
  assert.equal(live.run(() => indirectEval()("debugger; 7")), 7);
});

test("it is off while another debugger may attach", () => {
  const own = liveFrames(8);
  assert.equal(own.status, "live");
  inspector.open(0, "127.0.0.1");
  const off = own.status;
  inspector.close();
  assert.match(JSON.stringify(off), /another debugger/);
  assert.equal(own.status, "live");
});

test("frames are collected together with their error", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const values: WeakRef<object>[] = [];
  const held: unknown[] = [];
  for (let i = 0; i < 200; i++) {
    const error = await thrownBy(async () => {
      const value = { i, bytes: new Uint8Array(1000) };
      values.push(new WeakRef(value));
      await tick();
      throw new Error(String(value.i));
    });
    assert.equal(live.framesOf(error).length, 1);
    if (i < 5) held.push(error);
  }
  for (let i = 0; i < 5; i++) {
    await tick();
    collect();
  }
  const alive = values.filter((value) => value.deref()).length;
  assert.ok(alive >= 5 && alive < 10, `${alive} of 200 are held`);
  assert.equal(live.framesOf(held[3])[0]?.[0]?.evaluate("value.i"), 3);
});

test("rate limit: after more than 50 exceptions in a second, nothing is captured for 5 seconds", () => {
  let time = 0;
  return withNow(() => time, async () => {
    const own = liveFrames(8);
    const storm = (count: number): Promise<unknown> =>
      thrownBy(() => {
        let last: unknown;
        for (let i = 0; i < count; i++) {
          try {
            throw new Error("storm");
          } catch (error) {
            last = error;
          }
        }
        throw last;
      }, own);
    assert.equal(own.framesOf(await storm(20)).length, 2);
    assert.equal(own.framesOf(await storm(100)).length, 0);
    assert.match(JSON.stringify(own.status), /more than 50 exceptions/);
    time = 4999;
    assert.equal(own.framesOf(await storm(0).catch((error: unknown) => error)).length, 0);
    time = 5000;
    assert.equal(own.status, "live");
    assert.ok(own.framesOf(await storm(1)).length > 0);
  });
});

test("rate limit: the rest is doubled while exceptions continue", () => {
  let time = 0;
  return withNow(() => time, () => {
    const limit = new RateLimit();
    const rests: number[] = [];
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 50; i++) assert.equal(limit.count(10), false);
      assert.equal(limit.count(10), true);
      rests.push(limit.remaining());
      time += limit.remaining();
    }
    assert.deepEqual(rests, [5000, 10_000, 20_000, 40_000, 80_000, 80_000]);
    time += 200_000;
    for (let i = 0; i < 500; i++) {
      time += 100;
      assert.equal(limit.count(10), false);
    }
    for (let i = 0; i < 51; i++) limit.count(10);
    assert.equal(limit.remaining(), 5000);
  });
});

test("rate limit: a deep stack counts more than once", () =>
  withNow(() => 0, () => {
    const limit = new RateLimit();
    for (let i = 0; i < 4; i++) assert.equal(limit.count(1000), false);
    assert.equal(limit.count(1000), true);
  }));

test("an endless loop that throws is ended, also while others are captured", async () => {
  const frame = await frameOf(() => {
    const held = 22;
    throw new Error(`x${held}`);
  });
  const inFrame = createConsole(frame.evaluate, { ...frame, timeout: 100 });
  const alone = createConsole(undefined, { timeout: 100 });
  const script = "for (;;) { try { throw new Error('again') } catch {} }";
  const answers = await live.run(() => Promise.all([inFrame.run(script), alone.run(script)]));
  for (const answer of answers) assert.match(String("error" in answer && answer.error), /Timeout/);
  const other = new Error("still captured");
  await assert.rejects(
    live.run(async () => {
      await inFrame.run("1");
      throw other;
    }),
    other,
  );
  assert.equal(live.framesOf(other).length, 1);
  inFrame.dispose();
  alone.dispose();
});

// Where it cannot work, the status says why, and the work is done.
const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a debugger may attach", ["--inspect=127.0.0.1:0"], /another debugger/],
  ["code from text is forbidden", ["--disallow-code-generation-from-strings"], /code generation/],
  ["there is no permission", ["--permission", "--allow-fs-read=*"], /permission|live/],
];
for (const [name, flags, reason] of refusals) {
  test(`it is off when ${name}`, () => {
    const script = `import { liveFrames } from ${JSON.stringify(MODULE)};
      const live = liveFrames(8);
      let error;
      try { live.run(() => { throw new Error("x"); }); } catch (caught) { error = caught; }
      console.log(JSON.stringify([live.status, error.message, live.framesOf(error).length]));`;
    const args = [...flags, "--no-warnings", "--input-type=module", "--eval", script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const [status, message, frames] = JSON.parse(stdout || `["${stderr.length}"]`) as unknown[];
    assert.match(JSON.stringify(status), reason, stderr);
    assert.equal(message, "x");
    assert.equal(frames, status === "live" ? 1 : 0);
  });
}
