/**
 * A report as Markdown, for an issue or a chat.
 *
 * @module
 */
import type { ErrorModel, FrameModel, Report } from "../types.ts";
import { frameName, placeOf, RELATIONS, visible } from "./text.ts";

/** The number of frames of the application that are shown with their source. */
const MOST_EXCERPTS = 3;
/** The number of lines on each side of the position. */
const AROUND = 3;

/** A report as Markdown. */
export function renderMarkdown({ error, request, time }: Report): string {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    errorMarkdown(error, 1, ""),
    `## Request\n\n${block(`${request.method} ${request.url}\n${headers}`, "http")}`,
    `Seen at ${time}.`,
  ].join("\n\n") + "\n";
}

function errorMarkdown(error: ErrorModel, level: number, before: string): string {
  const { name, message, note, details, frames, thrownAt, related } = error;
  const parts = [`${"#".repeat(Math.min(level, 6))} ${before}${code(name)}`];
  if (message !== "") parts.push(block(message, "text"));
  if (note !== undefined) parts.push(note);
  if (details.length > 0) {
    parts.push(details.map(([key, text]) => `- ${code(`${key}: ${text}`)}`).join("\n"));
  }
  parts.push(...framesMarkdown(frames));
  if (thrownAt.length > 0) parts.push("Thrown at:", ...framesMarkdown(thrownAt));
  for (const { relation, error } of related) {
    parts.push(errorMarkdown(error, level + 1, `${RELATIONS[relation]}: `));
  }
  return parts.join("\n\n");
}

function framesMarkdown(frames: readonly FrameModel[]): string[] {
  if (frames.length === 0) return [];
  const own = frames.filter(({ kind }) => kind === "application").slice(0, MOST_EXCERPTS);
  const excerpts = own.flatMap((frame) => {
    const { excerpt, shortFile, line } = frame;
    if (!excerpt) return [];
    const from = Math.max(excerpt.first, line - AROUND);
    const lines = excerpt.lines.slice(from - excerpt.first, line + AROUND + 1 - excerpt.first);
    const numbered = lines.map((text, i) => {
      const number = from + i;
      return `${number === line ? ">" : " "} ${String(number).padStart(5)} | ${text}`;
    });
    return [`${code(`${shortFile}${placeOf(frame)}`)}:`, block(numbered.join("\n"), "text")];
  });
  const list = frames.map((frame) =>
    `${frame.kind === "application" ? "" : "  "}at ${frameName(frame)} (${frame.shortFile}${
      placeOf(frame)
    })`
  );
  return [block(list.join("\n"), "text"), ...excerpts];
}

/** A block whose fence is longer than any in the text, so that the text cannot end it. */
function block(text: string, language: string): string {
  const fence = "`".repeat(Math.max(3, longest(text) + 1));
  return `${fence}${language}\n${visible(text)}\n${fence}`;
}

/** A code span (CommonMark §6.1). */
function code(text: string): string {
  const line = visible(text).replace(/\s+/g, " ");
  const fence = "`".repeat(longest(line) + 1);
  return fence === "`" ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

function longest(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}
