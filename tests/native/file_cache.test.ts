/** Which files the memory cache of a directory keeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { notFound, serveStatic } from "handwerk";
import { withStoppedClock } from "../support/fake_clock.ts";
import { temporary } from "../support/temp.ts";

const SIZE = 1000;
/** What a file weighs in memory: its bytes, and 512 for the entry. */
const WEIGHT = SIZE + 512;
const names = ["a", "b", "c", "d", "e", "f"];
const root = temporary({
  ...Object.fromEntries(names.map((name) => [name, name.repeat(SIZE)])),
  large: "l".repeat(3 * SIZE),
});

/** Requests files one after the other, and gives those that came from memory. */
async function cached(budget: number, rounds: readonly string[]): Promise<readonly string[]> {
  const results: string[] = [];
  await withStoppedClock(async (step) => {
    step(10_000);
    let hits = "";
    const app = serveStatic(root, {
      memoryCache: { bytes: budget },
      onServe: ({ path, inMemory }) => hits += inMemory ? path : "",
    })(notFound);
    for (const round of rounds) {
      hits = "";
      for (const path of round.split(" ")) {
        await (await app(new Request(`http://host/${path}`))).arrayBuffer();
      }
      results.push(hits);
    }
  });
  return results;
}

test("memory cache: a file that is requested again stays, another one makes room", async () => {
  // All four were just requested, so the first that came is the first that is evicted.
  const rounds = ["a b c d", "e", "b d", "f", "b d e f"];
  assert.deepEqual(await cached(4 * WEIGHT, rounds), ["", "", "bd", "", "bdef"]);
});

test("memory cache: a file that is larger than the budget evicts no other file", async () => {
  assert.deepEqual(await cached(2 * SIZE, ["a", "large", "a"]), ["", "", "a"]);
});
