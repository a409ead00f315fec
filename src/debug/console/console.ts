/**
 * A console: evaluates source, and returns values that can be shown.
 *
 * @module
 */
import { builtin } from "../../runtime.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import { quietly } from "../live/session.ts";
import type { CapturedFrame, Inspected, Member } from "../types.ts";
import { helpOn, importFrom, output } from "./helpers.ts";
import { type InspectLimits, inspectScope, inspectValue, membersOf } from "./inspect.ts";
import { type ReplScope, replScope } from "./repl_scope.ts";
import { formOf } from "./statement.ts";
import { asyncLimit, syncLimit } from "./time_limit.ts";

/** Options of {@link createConsole}. */
export interface ConsoleOptions extends Partial<Omit<CapturedFrame, "evaluate">> {
  /** The time in milliseconds that an evaluation may run without waiting, 5000 by default. */
  readonly timeout?: number;
  /**
   * The time in milliseconds that an evaluation may wait, 30 000 by default. A loop that begins after
   * a wait is not ended.
   */
  readonly waitTimeout?: number;
  /** More names that evaluated code can use. */
  readonly names?: Readonly<Record<string, unknown>>;
}

/** The result of an input, and the lines that it wrote to the console. */
export type ConsoleAnswer =
  | { readonly output: readonly string[]; readonly incomplete: true }
  | { readonly output: readonly string[]; readonly value: Inspected }
  | { readonly output: readonly string[]; readonly error: unknown };

/** A console that keeps declarations. */
export interface FrameConsole {
  /** Evaluates an input. Never rejects. */
  run(source: string): Promise<ConsoleAnswer>;
  /** The members of a value that was shown with an `id`; `undefined` when it is forgotten. */
  members(id: string): readonly Member[] | undefined;
  /** Remembers an object for `members`, and returns its `id`. */
  keep(value: object): string;
  /** Forgets everything. Later inputs are errors. */
  dispose(): void;
}

type Outcome = { readonly incomplete: true } | { readonly value: Inspected };

/** The number of objects whose members can be asked for. */
const MOST_KEPT = 1000;

/** In a function of its own, so that `var` does not define a global. */
const nowhere: Evaluate = (source) =>
  (indirectEval()("(source)=>eval(source)") as Evaluate)(source);

/**
 * Makes a console. It evaluates its input with all the rights of the process. For a captured frame:
 * `createConsole(frame.evaluate, frame)`.
 *
 * @param evaluate Evaluates in a frame; by default, only globals are visible.
 */
export function createConsole(
  evaluate: Evaluate = nowhere,
  options: ConsoleOptions = {},
): FrameConsole {
  const { timeout = 5000, waitTimeout = 30_000, names = {}, scopes = [], url } = options;
  const { within = (work) => work(), hiddenMembers } = options;
  // The limit is innermost: code that it ends does not run its `finally` blocks.
  const limited = <T>(work: () => T): T => within(() => quietly(() => syncLimit(work, timeout)));
  const written = output();
  let kept = new ObjectIds(MOST_KEPT);
  const keep = (value: object): string => kept.keep(value);
  const limits: InspectLimits = { keep, ...(hiddenMembers ? { hiddenMembers } : {}) };
  const dumps = new WeakMap<object, Inspected>();
  let state: ReplScope | undefined;
  let disposed = false;

  const helpers = {
    console: written.console,
    dump: (...values: unknown[]): object => {
      const shown: Inspected = values.length > 0
        ? inspectValue(values[0], { ...limits, depth: 2, members: 1000, text: 10_000 })
        : {
          kind: "scope",
          text: "the variables of this frame",
          members: inspectScope({ evaluate, scopes }, limits),
        };
      const dump = Object.freeze({ toString: () => shown.text });
      dumps.set(dump, shown);
      return dump;
    },
    help: (...values: unknown[]): void => written.write(helpOn(values)),
    $import: (specifier: string): Promise<unknown> => importFrom(url, specifier),
  };
  function show(current: ReplScope, value: unknown): Outcome {
    const dump = typeof value === "object" && value !== null ? dumps.get(value) : undefined;
    if (dump) return { value: dump };
    if (value !== undefined) current.remember(value);
    // A rejection that is shown must not end the process as an unhandled one.
    if (typeof value === "object" && builtin("node:util").types.isPromise(value)) {
      void Promise.prototype.then.call(value, undefined, () => undefined);
    }
    return { value: inspectValue(value, limits) };
  }
  async function evaluated(source: string): Promise<Outcome> {
    if (disposed) throw new Error("this console has expired");
    const current = state ??= replScope(evaluate, { ...helpers, ...names });
    const form = quietly(() => formOf(source, current.evaluate));
    if (form.kind === "incomplete") return { incomplete: true };
    if (form.kind === "async") {
      const work = limited(() => current.declareLater(form.body, form.tail));
      return show(current, await asyncLimit(work, waitTimeout));
    }
    const { kind, source: code } = form;
    const run = () => kind === "expression" ? current.evaluate(code) : current.declare(code);
    return show(current, limited(run));
  }
  return {
    async run(source) {
      try {
        const outcome = await evaluated(source);
        return { output: written.take(), ...outcome };
      } catch (error) {
        return { output: written.take(), error };
      }
    },
    members(id) {
      const value = kept.get(id);
      return value && membersOf(value, limits);
    },
    keep,
    dispose() {
      disposed = true;
      state = undefined;
      kept = new ObjectIds(MOST_KEPT);
    },
  };
}

/** A table of `most` objects by ids that cannot be guessed. The least recently used one makes room. */
export class ObjectIds {
  readonly #most: number;
  readonly #objects = new Map<string, object>();
  readonly #ids = new Map<object, string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Remembers an object, and returns its id. */
  keep(value: object): string {
    const id = this.#ids.get(value) ?? crypto.randomUUID();
    this.#objects.delete(id);
    this.#objects.set(id, value);
    this.#ids.set(value, id);
    for (const [oldest, forgotten] of this.#objects) {
      if (this.#objects.size <= this.#most) break;
      this.#objects.delete(oldest);
      this.#ids.delete(forgotten);
    }
    return id;
  }

  /** The object of an id, unless it is forgotten. */
  get(id: string): object | undefined {
    const value = this.#objects.get(id);
    if (value) this.keep(value);
    return value;
  }
}
