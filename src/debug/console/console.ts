/**
 * A console: source in, values out.
 *
 * @module
 */
import type { Scope } from "../types.ts";
import type { Inspected, Member } from "../inspected.ts";
import { quietly } from "../live/session.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import { brands } from "./brands.ts";
import { type ReplScope, replScope } from "./repl_scope.ts";
import { dumpOf, helpOn, importFrom } from "./helpers.ts";
import { type InspectLimits, inspectValue, membersOf } from "./inspect.ts";
import { objectIds } from "./object_ids.ts";
import { output } from "./output.ts";
import { inspectScope } from "./scope.ts";
import { formOf } from "./statement.ts";
import { asyncLimit, syncLimit } from "./time_limit.ts";

/** Options of {@link createConsole}. */
export interface ConsoleOptions {
  /** How long an evaluation may run without waiting, in milliseconds. Default: 5000. */
  readonly timeout?: number;
  /**
   * How long an evaluation may wait, in milliseconds. A loop that begins after it has waited is not
   * ended. Default: 30 000.
   */
  readonly waitTimeout?: number;
  /** More names that the console knows. Default: none. */
  readonly names?: Readonly<Record<string, unknown>>;
  /** The variables of the frame, for `dump()`. Default: none. */
  readonly scopes?: readonly Scope[];
  /** The URL of the script of the frame, for `$import`. Default: the working directory. */
  readonly url?: string;
  /** Does work in the context of the frame. Default: it is just done. */
  readonly within?: <T>(work: () => T) => T;
  /** Finds what of an object is hidden, for those who look at it. Default: nothing is found. */
  readonly hiddenMembers?: InspectLimits["hiddenMembers"];
}

/** What an input came to. `output` is what was written to the console until then. */
export type ConsoleAnswer =
  | { readonly output: readonly string[]; readonly incomplete: true }
  | { readonly output: readonly string[]; readonly value: Inspected }
  | { readonly output: readonly string[]; readonly error: unknown };

/** A console that remembers. */
export interface FrameConsole {
  /** Evaluates an input. Never rejects. */
  run(source: string): Promise<ConsoleAnswer>;
  /** The members of a value that was shown with an `id`; `undefined` when it is forgotten. */
  members(id: string): readonly Member[] | undefined;
  /** Remembers an object, as `InspectLimits.keep` wants it, for {@link FrameConsole.members}. */
  keep(value: object): string;
  /** Forgets everything; what is run afterwards is an error. */
  dispose(): void;
}

type Outcome = { readonly incomplete: true } | { readonly value: Inspected };

/** So many values can be asked more about. */
const MOST_KEPT = 1000;

/** In a function of its own, so that `var` makes no global. */
const nowhere: Evaluate = (source) =>
  (indirectEval()("(source)=>eval(source)") as Evaluate)(source);

/**
 * Makes a console. It evaluates what it is given, with all the rights of the process. For a captured
 * frame: `createConsole(frame.evaluate, frame)`.
 *
 * @param evaluate Evaluates in a frame; left out, the console sees globals only.
 */
export function createConsole(
  evaluate: Evaluate = nowhere,
  options: ConsoleOptions = {},
): FrameConsole {
  const { timeout = 5000, waitTimeout = 30_000, names = {}, scopes = [], url } = options;
  const { within = (work) => work() } = options;
  // The limit is inside: what it ends does not clean up after itself.
  const limited = <T>(work: () => T): T => within(() => quietly(() => syncLimit(work, timeout)));
  const written = output();
  const table = objectIds(MOST_KEPT);
  const keep = table.keep;
  const look: InspectLimits = options.hiddenMembers
    ? { keep, hiddenMembers: options.hiddenMembers }
    : { keep };
  const dumps = new WeakMap<object, Inspected>();
  let state: ReplScope | undefined;
  let disposed = false;

  const helpers = {
    console: written.console,
    dump: (...values: unknown[]): object => {
      const shown = values.length > 0 ? dumpOf(values[0], look) : variables();
      const dump = Object.freeze({ toString: () => shown.text });
      dumps.set(dump, shown);
      return dump;
    },
    help: (...values: unknown[]): void => written.write(helpOn(values)),
    $import: (specifier: string): Promise<unknown> => importFrom(url, specifier),
  };
  function variables(): Inspected {
    const members = inspectScope({ evaluate, scopes }, look);
    return { kind: "scope", text: "the variables of this frame", members };
  }
  function begin(): ReplScope {
    if (disposed) throw new Error("this console is gone");
    return state ??= replScope(evaluate, { ...helpers, ...names });
  }
  function show(current: ReplScope, value: unknown): Outcome {
    const dump = typeof value === "object" && value !== null ? dumps.get(value) : undefined;
    if (dump) return { value: dump };
    if (value !== undefined) current.remember(value);
    // That it is shown is all that happens to a rejection that nobody handles.
    if (brands().isPromise(value)) {
      void Promise.prototype.then.call(value, undefined, () => undefined);
    }
    return { value: inspectValue(value, look) };
  }
  async function evaluated(source: string): Promise<Outcome> {
    const current = begin();
    const form = quietly(() => formOf(source, current.evaluate));
    if (form.kind === "incomplete") return { incomplete: true };
    if (form.kind === "async") {
      const work = limited(() => current.declareLater(form.body, form.tail));
      return show(current, await asyncLimit(work, waitTimeout));
    }
    const run = form.kind === "expression" ? current.evaluate : current.declare;
    return show(current, limited(() => run(form.source)));
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
      const value = table.get(id);
      return value && membersOf(value, look);
    },
    keep,
    dispose() {
      disposed = true;
      state = undefined;
      table.clear();
    },
  };
}
