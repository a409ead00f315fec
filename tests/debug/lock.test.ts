/** The lock: the PIN, the cookie, and what they unlock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugOptions } from "handwerk/debug";
import type { FrameCapture, Member } from "../../src/debug/types.ts";
import { type Debugged, debugged, fakeFrames } from "../support/debugging.ts";
import { type FakeClock, settle, testWithClock } from "../support/fake_clock.ts";

// Joined, because the excerpts of this file are searched for it.
const PIN = ["246", "813", "579"].join("-");
const broken = (): never => {
  throw new Error("broken");
};
const live = (): FrameCapture =>
  fakeFrames({ id: 7, row: { name: "n" } }, (error) => {
    const [, url = "", line = "0"] =
      /\(?([^\s(]+):(\d+):\d+\)?$/m.exec((error as Error).stack ?? "") ??
        [];
    return { url, line: Number(line), column: 1, name: "broken" };
  });
const fail = async (debug: Debugged): Promise<{ error: string; frame: number }> => {
  const page = await (await debug.get("/?token=abc", {
    accept: "text/html",
    authorization: "Basic x",
  })).text();
  const [, error = ""] = /data-error="([^"]+)"/.exec(page) ?? [];
  const [, frame = "-1"] = /data-frame="(\d+)"/.exec(page) ?? [];
  return { error, frame: Number(frame) };
};
const cookieOf = (response: Response): string =>
  response.headers.get("set-cookie")?.split(";")[0] ?? "";
const unlocked = async (debug: Debugged, pin = PIN): Promise<RequestInit> => {
  const response = await debug.ask("unlock", { pin });
  assert.equal(response.status, 200);
  return { headers: { cookie: cookieOf(response) } };
};
const build = (options: DebugOptions = {}): Debugged =>
  debugged(broken, { pin: PIN, ...options }, { capture: live() });
/** Waits for responses that are delayed, and returns them with the time that passed. */
const delayed = async <T>(clock: FakeClock, work: Promise<T>): Promise<[T, number]> => {
  const start = clock.now;
  const state = { done: false };
  void work.finally(() => state.done = true);
  while (!state.done) await (clock.timers > 0 ? clock.pass(125) : settle());
  return [await work, clock.now - start];
};

test("request, variables and consoles are locked, and the terminal shows the PIN", async () => {
  const debug = build();
  const { error, frame } = await fail(debug);
  assert.ok(!debug.logged.join("").includes(PIN));
  for (const command of ["request", "locals", "members", "evaluate"]) {
    const response = await debug.ask(command, { error, frame, id: "1", source: "id" });
    assert.equal(response.status, 401, command);
    assert.equal((await response.json() as { locked: boolean }).locked, true);
    assert.equal(debug.logged.at(-1), `debug: the PIN is ${PIN}`);
  }
});

test("the PIN unlocks the request, the variables and the consoles", async () => {
  const debug = build();
  const asked = await fail(debug);
  const open = await unlocked(debug, "246 813 579");
  const ask = async (command: string, more: object = {}): Promise<unknown> =>
    await (await debug.ask(command, { ...asked, ...more }, open)).json();
  const { url, headers } = await ask("request") as { url: string; headers: string[][] };
  assert.match(url, /token=abc/);
  assert.deepEqual(headers.find(([name]) => name === "authorization"), [
    "authorization",
    "Basic x",
  ]);
  const { members } = await ask("locals") as { members: Member[] };
  const [scope] = members;
  assert.equal(scope?.key, "local");
  const [id, row] = scope?.value.members ?? [];
  assert.deepEqual([id?.key, id?.value.text, row?.key], ["id", "7", "row"]);
  const inside = await ask("members", { id: row?.value.id }) as { members: Member[] };
  assert.equal(inside.members.find(({ key }) => key === "name")?.value.kind, "string");
});

testWithClock("a cookie is HttpOnly, for this path, and valid for twelve hours", async (clock) => {
  // The clocks of runtimes have fractions of a millisecond.
  clock.now = 43_200_990.0399;
  const debug = build();
  const asked = await fail(debug);
  const response = await debug.ask("unlock", { pin: PIN });
  const cookie = response.headers.get("set-cookie") ?? "";
  assert.match(
    cookie,
    /^handwerk_debug_[0-9a-f]{8}=\d+\.[0-9a-f]{64}; Path=\/__debug; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  const value = cookieOf(response);
  const status = async (cookie: string): Promise<number> =>
    (await debug.ask("request", asked, { headers: { cookie } })).status;
  assert.equal(await status(`a=b; ${value}`), 200);
  const [name = "", rest = ""] = value.split("=");
  const [expires = "", signature = ""] = rest.split(".");
  for (
    const forged of [
      `${name}=${Number(expires) + 1}.${signature}`,
      `${name}=${expires}.${"0".repeat(64)}`,
      `${name}=${expires}.`,
      `${name}=`,
      `x${value}`,
      `${name}=Infinity.${signature}`,
    ]
  ) assert.equal(await status(forged), 401, forged);
  // Another process has another key.
  const other = build();
  const there = await fail(other);
  assert.equal((await other.ask("request", there, { headers: { cookie: value } })).status, 401);
  await clock.pass(12 * 60 * 60 * 1000 - 1);
  const again = await fail(debug);
  assert.equal((await debug.ask("request", again, { headers: { cookie: value } })).status, 200);
  await clock.pass(1);
  assert.equal((await debug.ask("request", again, { headers: { cookie: value } })).status, 401);
});

test("a cookie is Secure over TLS", async () => {
  const debug = build();
  const request = new Request("https://localhost:3000/__debug/unlock", {
    method: "POST",
    body: JSON.stringify({ pin: PIN }),
    headers: {
      "host": "localhost:3000",
      "content-type": "application/json",
      "x-debug-token": await debug.token(),
      "origin": "https://localhost:3000",
    },
  });
  assert.match((await debug.app(request)).headers.get("set-cookie") ?? "", /; Secure$/);
});

testWithClock(
  "ten wrong PINs lock until a restart, each slower than the one before",
  async (clock) => {
    const debug = build();
    const asked = await fail(debug);
    const open = await unlocked(debug);
    const statuses: number[] = [];
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const [{ status }, wait] = await delayed(clock, debug.ask("unlock", { pin: `wrong${i}` }));
      statuses.push(status);
      waits.push(wait);
    }
    assert.deepEqual(statuses, [...Array.from({ length: 9 }, () => 401), 423, 423, 423]);
    assert.equal((await debug.ask("unlock", { pin: PIN })).status, 423);
    assert.equal((await debug.ask("request", asked, open)).status, 423);
    // Frames and source are still shown.
    assert.equal((await debug.get("/")).status, 500);
    assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 0, 0]);
  },
);

testWithClock("the right PIN at the tenth attempt unlocks, and resets the count", async (clock) => {
  const debug = build();
  for (let i = 0; i < 9; i++) await delayed(clock, debug.ask("unlock", { pin: "" }));
  assert.equal((await debug.ask("unlock", { pin: PIN })).status, 200);
  for (let i = 0; i < 9; i++) {
    const [{ status }] = await delayed(clock, debug.ask("unlock", { pin: 7 }));
    assert.equal(status, 401);
  }
});

testWithClock("simultaneous attempts do not exceed the number of attempts", async (clock) => {
  const debug = build();
  const attempts = Array.from({ length: 50 }, (_, i) => i === 30 ? PIN : String(i));
  const responses = Promise.all(attempts.map((pin) => debug.ask("unlock", { pin })));
  while (clock.timers < 10) await settle();
  for (let i = 0; i < 20; i++) await settle();
  assert.equal(clock.timers, 10);
  const [all] = await delayed(clock, responses);
  assert.ok(all.every(({ status }) => status === 401 || status === 423));
});

test("a PIN is random, from the environment, or an option; a short one is refused", async () => {
  const pins = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const debug = debugged(broken);
    await debug.ask("request", {});
    const [, pin = ""] = /the PIN is (\d{3}-\d{3}-\d{3})$/.exec(debug.logged.at(-1) ?? "") ?? [];
    pins.add(pin);
    await unlocked(debug, pin);
  }
  assert.ok(pins.size === 5 && !pins.has(""));
  await unlocked(
    debugged(broken, {}, { variables: { HANDWERK_PIN: "from outside" } }),
    "from outside",
  );
  assert.throws(() => debugged(broken, { pin: "12-34-5" }), /pin is shorter/);
  assert.throws(() => debugged(broken, {}, { variables: { HANDWERK_PIN: "off" } }), /HANDWERK_PIN/);
});

test("without a PIN the client must be known to be this machine", async () => {
  const closed = build({ pin: false });
  const asked = await fail(closed);
  const refused = await closed.ask("request", asked);
  assert.equal(refused.status, 403);
  assert.match((await refused.json() as { reason: string }).reason, /clientAddress/);
  const open = build({ pin: false, clientAddress: () => "127.0.0.1" });
  assert.equal((await open.ask("request", await fail(open))).status, 200);
});

testWithClock("an error or a frame that has expired is a 410", async (clock) => {
  const debug = build();
  const first = await fail(debug);
  const open = await unlocked(debug);
  const status = async (question: object, command = "locals"): Promise<number> =>
    (await debug.ask(command, question, open)).status;
  assert.equal(await status(first), 200);
  assert.equal(await status({ ...first, frame: 999 }), 410);
  assert.equal(await status({ ...first, frame: "0" }), 410);
  assert.equal(await status({ ...first, error: crypto.randomUUID() }), 410);
  assert.equal(await status({}), 410);
  assert.equal(await status({ ...first, id: "none" }, "members"), 410);
  // The least recently used error expires first: the first one is used, and outlives twenty others.
  for (let i = 0; i < 19; i++) await fail(debug);
  assert.equal(await status(first), 200);
  const late = await fail(debug);
  assert.equal(await status(first), 200);
  for (let i = 0; i < 20; i++) await fail(debug);
  const gone = await debug.ask("locals", late, open);
  assert.equal(gone.status, 410);
  assert.match((await gone.json() as { reason: string }).reason, /has expired.*Reproduce it/);
  const page = await debug.get(`/__debug/${late.error}`);
  assert.equal(page.status, 410);
  assert.match(await page.text(), /This error has expired/);
  const last = await fail(debug);
  await clock.pass(30 * 60 * 1000 + 1);
  assert.equal(await status(last), 410);
});
