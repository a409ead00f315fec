/**
 * A `console` that writes into a list.
 *
 * @module
 */
import { inspectValue } from "./inspect.ts";

/** What was written, and the `console` that does it. */
export interface Output {
  /** For the evaluated code. */
  readonly console: Console;
  /** Writes one text. */
  write(text: string): void;
  /** What was written since the last time. */
  take(): readonly string[];
}

/** More than this is not kept. */
const MOST_LINES = 1000;
const MOST_CHARACTERS = 10_000;

/** Starts with nothing written; what else a console can do, the true one does. */
export function output(): Output {
  let lines: string[] = [];
  const write = (text: string): void => {
    if (lines.length < MOST_LINES) lines.push(text.slice(0, MOST_CHARACTERS));
    else if (lines.length === MOST_LINES) lines.push("… more was written");
  };
  const log = (...values: unknown[]): void => write(values.map(textOf).join(" "));
  const own = {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    trace: log,
    dir: textual,
    table,
  };
  function textual(value: unknown): void {
    write(textOf(value));
  }
  function table(value: unknown): void {
    const { text, members } = inspectValue(value, { depth: 1 });
    if (!members) write(text);
    for (const member of members ?? []) write(`${member.key}\t${member.value.text}`);
  }
  return {
    console: Object.assign(Object.create(globalThis.console) as Console, own),
    write,
    take() {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspectValue(value, { depth: 0 }).text;
}
