/** Media files in a real browser: seeking asks for parts, and gets them. */
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, utimesSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { notFound, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { launch, skip } from "../support/browser.ts";
import { temporary } from "../support/temp.ts";

const SECONDS = 300;
const RATE = 44_100 * 4;
const root = temporary({ "index.html": "<!DOCTYPE html><audio src=sound.wav preload=metadata>" });

/** Five minutes of silence in stereo, 53 MB. */
function writeSound(path: string): void {
  const head = Buffer.alloc(44);
  head.write("RIFF\0\0\0\0WAVEfmt ", 0, "latin1");
  head.writeUInt32LE(36 + SECONDS * RATE, 4);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(44_100, 24);
  head.writeUInt32LE(RATE, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(SECONDS * RATE, 40);
  const file = openSync(path, "w");
  writeSync(file, head);
  ftruncateSync(file, head.length + SECONDS * RATE);
  closeSync(file);
  // Chromium trusts a date that is a minute old, and then asks for parts of this very file.
  utimesSync(path, Date.now() / 1000, Date.now() / 1000 - 3600);
}

/** A line of 20 Mbit/s. */
function throttled(response: Response): Response {
  const slow = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      await delay(chunk.length / 2500);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(slow) ?? null, response);
}

test("seeking in a long sound asks for a part, and gets it", { skip }, async () => {
  writeSound(join(root, "sound.wav"));
  const answers: { start: number; ifRange: string | null; status: number }[] = [];
  const app = serveStatic({ "/": root })(notFound);
  const server = await serve({
    async fetch(request) {
      const { headers } = request;
      const [, start] = /^bytes=(\d+)-/.exec(headers.get("range") ?? "") ?? [];
      const response = await app(request);
      const { status } = response;
      if (start) answers.push({ start: Number(start), ifRange: headers.get("if-range"), status });
      return throttled(response);
    },
    port: 0,
    hostname: "127.0.0.1",
  });
  const browser = await launch();
  assert.ok(browser);
  try {
    // A file that has just changed has a weak tag, which is no validator for parts.
    await delay(2500);
    const page = await browser.newPage();
    await page.goto(server.url);
    const ready = "!audio.seeking && audio.readyState >= 2";
    await page.evaluate("globalThis.audio = document.querySelector('audio')");
    await page.waitForFunction(ready);
    await page.evaluate(`audio.currentTime = ${SECONDS - 20}`);
    await page.waitForFunction(ready);
    const seeks = answers.filter(({ start }) => start > 1_000_000);
    assert.ok(seeks.length > 0);
    for (const { status, ifRange } of seeks) assert.equal(status, 206, `If-Range: ${ifRange}`);
  } finally {
    await browser.close();
    await server.close(true);
  }
});
