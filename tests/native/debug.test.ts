/** The debugger with real files, real evaluation, and the hosts as they are. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Handler } from "handwerk";
import { debug } from "handwerk/debug";
import { serve } from "handwerk/node";
import { inspectValue } from "../../src/debug/console/inspect.ts";
import { indirectEval } from "../../src/debug/indirect_eval.ts";
import type { FrameCapture, Inspected } from "../../src/debug/types.ts";
import { readPlatform } from "../../src/platform/environment.ts";
import { debugged } from "../support/debugging.ts";
import { temporary } from "../support/temp.ts";

const PIN = "246-813-579";
const broken = (): never => {
  throw new Error("broken");
};
/** One frame that evaluates where it can see `row`. */
const frames: FrameCapture = {
  status: "live",
  run: (work) => work(),
  framesOf: () => [[{
    url: "file:///made.js",
    line: 1,
    column: 1,
    name: "made",
    scopes: [{ kind: "local", names: ["row"] }],
    evaluate: indirectEval()("((row) => (source) => eval(source))({ id: 7 })") as (
      source: string,
    ) => unknown,
  }]],
};

test("a console keeps what it is told, and shows what is thrown in it", async () => {
  const { get, ask } = debugged(broken, { pin: PIN }, { capture: frames });
  const page = await (await get("/", { accept: "text/html" })).text();
  const [, error = ""] = /data-error="([^"]+)"/.exec(page) ?? [];
  const [, frame = ""] = /data-frame="(\d+)"/.exec(page) ?? [];
  const open = await ask("unlock", { pin: PIN });
  const headers = { cookie: open.headers.get("set-cookie")?.split(";")[0] ?? "" };
  const run = async (source: string): Promise<Record<string, unknown>> => {
    const response = await ask("evaluate", { error, frame: Number(frame), source }, { headers });
    assert.equal(response.status, 200);
    return await response.json() as Record<string, unknown>;
  };
  const valueOf = async (source: string): Promise<string> =>
    ((await run(source))["value"] as Inspected).text;
  assert.equal(await valueOf("let twice = row.id * 2; twice"), "14");
  assert.equal(await valueOf("twice + (await Promise.resolve(1))"), "15");
  assert.equal(await valueOf("_ + 1"), "16");
  assert.equal((await run("console.log('told'); 1"))["output"]?.toString(), "told");
  assert.equal((await run("[1,"))["incomplete"], true);
  const failed = await run("(() => { throw new RangeError('in here', { cause: 'why' }) })()");
  assert.match(
    String(failed["traceback"]),
    /^RangeError: in here\n[\s\S]*Caused by:\nstring: "why"/,
  );
});

test("the console without an error evaluates, too", async () => {
  const { get, ask } = debugged(broken, { console: true, pin: PIN });
  assert.match(await (await get("/__debug/console")).text(), /data-error="console"/);
  const question = { error: "console", frame: 0, source: "6 * 7" };
  assert.equal((await ask("evaluate", question)).status, 401);
  const open = await ask("unlock", { pin: PIN });
  const headers = { cookie: open.headers.get("set-cookie")?.split(";")[0] ?? "" };
  const answer = await (await ask("evaluate", question, { headers })).json() as {
    value: Inspected;
  };
  assert.equal(answer.value.text, "42");
  const none = debugged(broken, { pin: PIN });
  const there = await none.ask("unlock", { pin: PIN });
  const cookie = there.headers.get("set-cookie")?.split(";")[0] ?? "";
  assert.equal((await none.ask("evaluate", question, { headers: { cookie } })).status, 410);
});

test("exports of a module that is not evaluated yet are shown as such", async () => {
  const folder = temporary({
    "a.mjs": 'import "./b.mjs"; export const early = 1;',
    "b.mjs": 'import * as module from "./a.mjs"; globalThis.inspectModule(module);',
  });
  const shown: Inspected[] = [];
  Reflect.set(globalThis, "inspectModule", (module: object) => shown.push(inspectValue(module)));
  await import(pathToFileURL(join(folder, "a.mjs")).href);
  Reflect.deleteProperty(globalThis, "inspectModule");
  assert.equal(shown[0]?.members?.[0]?.value.text, "[cannot be read]");
});

test("only files that are there, and are files, are read", async () => {
  const folder = temporary({ "a.ts": "text", "b.ts/c.ts": "" });
  const here = readPlatform();
  const { directory, edge } = here;
  const readText = (file: string): Promise<string | undefined> => here.readText(file);
  assert.equal(await readText(join(folder, "a.ts")), "text");
  assert.equal(await readText(join(folder, "b.ts")), undefined);
  assert.equal(await readText(join(folder, "none.ts")), undefined);
  assert.equal(await readText("\0"), undefined);
  if (spawnSync("mkfifo", [join(folder, "fifo.ts")]).status === 0) {
    assert.equal(await readText(join(folder, "fifo.ts")), undefined);
  }
  assert.equal(directory, process.cwd());
  assert.equal(edge, false);
});

/** Serves with what this runtime has, which tells the address of its client. */
async function served(app: Handler<readonly unknown[]>): Promise<
  { port: number; close: () => unknown }
> {
  const runtime = globalThis as unknown as {
    Deno?: {
      serve(options: object, app: Handler<readonly unknown[]>): {
        addr: { port: number };
        shutdown(): Promise<void>;
      };
    };
    Bun?: { serve(options: object): { port: number; stop(force: boolean): unknown } };
  };
  const where = { port: 0, hostname: "127.0.0.1" };
  if (runtime.Deno) {
    const server = runtime.Deno.serve({ ...where, onListen: () => {} }, app);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  if (runtime.Bun) {
    const server = runtime.Bun.serve({ ...where, fetch: app });
    return { port: server.port, close: () => server.stop(true) };
  }
  const server = await serve({ ...where, fetch: (request) => app(request) });
  return { port: server.port, close: () => server.close(true) };
}

test("a page comes over the wire, and without a PIN only what is proven local is told", async () => {
  const app = debug({ enabled: true, pin: false, log: () => {} })(broken);
  const { port, close } = await served(app);
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
    assert.equal(response.status, 500);
    const page = await response.text();
    assert.match(page, /throw new Error\(/);
    const [, error = ""] = /data-error="([^"]+)"/.exec(page) ?? [];
    const [, token = ""] = /data-token="([^"]+)"/.exec(page) ?? [];
    const asked = await fetch(`http://127.0.0.1:${port}/__debug/request`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-debug-token": token },
      body: JSON.stringify({ error }),
    });
    assert.equal(asked.status, 200);
    await asked.body?.cancel();
  } finally {
    await close();
  }
});
