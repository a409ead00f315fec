/**
 * A report as plain text, with colours for a terminal.
 *
 * @module
 */
import type { ErrorModel, FrameModel, Relation, Report } from "../types.ts";

/** The title of an error by its relation to the one above. */
export const RELATIONS: Readonly<Record<Relation, string>> = {
  cause: "Caused by",
  member: "One of the errors",
  error: "The error",
  suppressed: "Suppressed",
};

/** The number of lines on each side of the position. */
const AROUND = 2;

/** The codes that switch a style of terminals on and off. */
const STYLES = { strong: [1, 22], mark: [31, 39], quiet: [2, 22], place: [36, 39] } as const;
type Paint = (style: keyof typeof STYLES, text: string) => string;
const plain: Paint = (_, text) => text;
const coloured: Paint = (style, text) => {
  const [on, off] = STYLES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

/**
 * A report as text.
 *
 * @param when A remark after the request line, such as "(while streaming)".
 */
export function renderText({ request, error }: Report, colours = false, when = ""): string {
  const paint = colours ? coloured : plain;
  const asked = [request.method, request.url, when].join(" ").trim();
  return `${paint("quiet", visible(asked))}\n\n${errorText(error, paint, "")}\n`;
}

/** An error as text. */
export function renderError(error: ErrorModel): string {
  return errorText(error, plain, "");
}

/**
 * Escapes control characters: text from a request must not move the cursor of a terminal, nor change
 * the direction of the text.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}]/gu,
    (char) =>
      char === "\n" || char === "\t"
        ? char
        : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function errorText(error: ErrorModel, paint: Paint, indent: string): string {
  const { name, message, note, details, frames, thrownAt, related } = error;
  const lines = [paint("strong", paint("mark", visible(message ? `${name}: ${message}` : name)))];
  if (note !== undefined) lines.push(paint("quiet", `  ${note}`));
  for (const [key, text] of details) lines.push(`  ${visible(key)}: ${visible(text)}`);
  if (frames.length > 0) lines.push("", ...framesText(frames, paint));
  if (thrownAt.length > 0) lines.push("", "Thrown at", "", ...framesText(thrownAt, paint));
  const own = lines.join("\n").split("\n").map((line) => line === "" ? line : indent + line);
  const others = related.map(({ relation, error }) => {
    const below = relation === "cause" ? indent : `${indent}  `;
    return `\n${below}${paint("strong", RELATIONS[relation])}:\n${errorText(error, paint, below)}`;
  });
  return [...own, ...others].join("\n");
}

function framesText(frames: readonly FrameModel[], paint: Paint): string[] {
  const lines: string[] = [];
  let first = true;
  for (const run of runs(frames)) {
    const [frame] = run;
    if (frame?.kind !== "application" && run.length > 2) {
      lines.push(paint("quiet", `  … ${run.length} frames of ${kinds(run)}`));
      continue;
    }
    for (const frame of run) {
      const own = frame.kind === "application";
      const text = `  at ${frameName(frame)} (${paint("place", visible(frame.shortFile))}${
        paint("place", placeOf(frame))
      })`;
      lines.push(own ? text : paint("quiet", text));
      if (own && first) lines.push(...excerptText(frame, paint));
      if (own) first = false;
    }
  }
  return lines;
}

/** Groups the frames: those of the application alone, the others in runs. */
export function runs(frames: readonly FrameModel[]): FrameModel[][] {
  const found: FrameModel[][] = [];
  for (const frame of frames) {
    const last = found.at(-1);
    const own = frame.kind === "application";
    if (last && !own && last[0]?.kind !== "application") last.push(frame);
    else found.push([frame]);
  }
  return found;
}

/** The kinds of the frames of a run, as text. */
export function kinds(run: readonly FrameModel[]): string {
  const names = new Set(run.map(({ kind }) => kind === "library" ? "libraries" : "the runtime"));
  return [...names].join(" and ");
}

/** The name of a frame. */
export function frameName({ name, awaiting }: FrameModel): string {
  return `${awaiting ? "async " : ""}${visible(name || "<anonymous>")}`;
}

/** The line and the column, if they are known: `:12:3`. */
export function placeOf({ line, column }: FrameModel): string {
  return line === 0 ? "" : column === 0 ? `:${line}` : `:${line}:${column}`;
}

function excerptText({ excerpt, line, column }: FrameModel, paint: Paint): string[] {
  if (!excerpt) return [];
  const { first, lines } = excerpt;
  const from = Math.max(first, line - AROUND);
  const shown = lines.slice(from - first, line + AROUND + 1 - first);
  const width = String(from + shown.length - 1).length;
  return shown.flatMap((text, i) => {
    const number = String(from + i).padStart(width);
    if (from + i !== line) return [paint("quiet", `      ${number} | ${visible(text)}`)];
    const here = `    ${paint("mark", ">")} ${number} | ${visible(text)}`;
    if (column < 1 || column > text.length + 1) return [here];
    // Tabs are kept, so that the mark is below its column at any tab width.
    const blank = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    return [here, `      ${" ".repeat(width)} | ${blank}${paint("mark", "^")}`];
  });
}
