/**
 * How long content that is in memory takes to be read.
 *
 * @module
 */
import { readsMemoryInMicrotasks } from "../runtime.ts";

/** In turns of the microtask queue: of a form with many fields, most. */
const MICROTASKS = 64;
/** In turns of the event loop, where a native stream or a `Blob` is read by one. */
const TURNS = 3;

/** Waits for as long, or until there is nothing to wait for. */
export async function whileInMemory(reading: () => boolean): Promise<void> {
  for (let turn = 0; turn < MICROTASKS && reading(); turn++) await Promise.resolve();
  if (readsMemoryInMicrotasks()) return;
  for (let turn = 0; turn < TURNS && reading(); turn++) {
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
  }
}
