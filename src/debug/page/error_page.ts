/**
 * The page of an error. All of it can be opened and read without JavaScript.
 *
 * @module
 */
import { escapeHtml, Html, html } from "../../http/html.ts";
import { renderMarkdown } from "../render/markdown.ts";
import { frameName, kinds, placeOf, RELATIONS, renderText, runs, visible } from "../render/text.ts";
import type { ErrorModel, FrameModel, Report } from "../types.ts";
import { documentOf, type PageTools } from "./document.ts";

/** The number of lines on each side that are shown at first. */
const AROUND = 5;

/** Comments, strings, keywords and numbers; each ends within its line. */
const TOKEN =
  /(\/\/.*|\/\*.*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|\b(as|async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|interface|let|new|of|return|static|super|switch|this|throw|try|type|typeof|var|void|while|yield|true|false|null|undefined)\b|\b(\d[\w.]*)/g;
const CLASSES = ["c", "s", "k", "n"];

/** The values that the page of an error needs. */
export interface ReportTools extends PageTools {
  /** The template of links to the editor. */
  readonly editor: string | undefined;
  /** The reason why there are no variables, if there are none. */
  readonly notice: string | undefined;
}

/** Renders the page of an error. A comment at the end has it as plain text. */
export function renderReport(report: Report, tools: ReportTools): string {
  const { error, request, id } = report;
  const text = renderText(report);
  const title = visible(error.message ? `${error.name}: ${error.message}` : error.name);
  const body = html`
    <header class="top">
      <p class="request"><b>${request.method}</b> ${visible(
        request.url.replace(/^[a-z]+:\/\/[^/]*/, ""),
      )}</p>
      <h1><span class="kind">${visible(error.name)}</span> ${visible(error.message)}</h1>
      <p class="actions"><button type="button" data-copy="as-text" hidden>Copy as text</button>
    <button type="button" data-copy="as-markdown" hidden>Copy as Markdown</button>
    <button type="button" data-unlock hidden>Unlock</button>
    <span role="status"></span></p>
    </header>
    <main>
    ${tools.notice === undefined ? "" : html`<p class="notice">${tools.notice}</p>`}
    ${errorBody(error, tools.editor)}
    ${requestSection(report)}
    <section class="plain" aria-labelledby="plain-title">
    <h2 id="plain-title">Plain text</h2>
    <details><summary>As text</summary>${pre("as-text", text)}</details>
    <details><summary>As Markdown</summary>${pre("as-markdown", renderMarkdown(report))}</details>
    </section>
    </main>
    <footer>
      <p>Variables show their current values, not those at the time of the throw.</p>
      <p>On a frame, <kbd>↑</kbd> and <kbd>↓</kbd> go to the next one, <kbd>Enter</kbd> opens it, and
    <kbd>c</kbd> goes to its console.</p>
      <p><a href="${tools
        .path}">Recent errors</a> · handwerk debug · seen at <time datetime="${report
        .time}">${report.time.slice(0, 19).replace("T", " ")}</time> UTC</p>
    </footer>
  `;
  const page = documentOf(title.slice(0, 200), body, tools, id);
  // Without two hyphens in a row, text cannot end the comment (HTML §13.1.6).
  return `${page}\n<!--\n\n${text.replace(/-{2,}/g, "-")}\n-->\n`;
}

function errorBody(error: ErrorModel, editor: string | undefined): Html {
  const { note, details, frames, thrownAt, related } = error;
  return html`
    ${note === undefined ? "" : html`<p class="note">${note}</p>`}
    ${details.length === 0 ? "" : html`<dl class="details">${details.map(row)}</dl>`}
    ${frames.length === 0 ? "" : framesOf(frames, editor)}
    ${thrownAt.length === 0 ? "" : html`<h2>Thrown at</h2>${framesOf(thrownAt, editor)}`}
    ${related.map(({ relation, error }) =>
      html`
        <section
          class="related ${relation}"><h2><span class="relation">${RELATIONS[
            relation
          ]}</span> <span class="kind">${visible(error.name)}</span> ${visible(
            error.message,
          )}</h2>${errorBody(error, editor)}</section>
      `
    )}
  `;
}

function requestSection({ request }: Report): Html {
  const rows = [["URL", request.url] as const, ...request.headers].map(row);
  return html`
    <section class="asked" aria-labelledby="request-title">
      <h2 id="request-title">Request <button type="button" data-reveal hidden>Show secrets</button></h2>
      <dl class="fields">${rows}</dl>
    </section>
  `;
}

function row([name, value]: readonly [string, string]): Html {
  return html`
    <div>
      <dt>${visible(name)}</dt>
      <dd>${visible(value)}</dd>
    </div>
  `;
}

/** Preformatted text. It is not in a template, because formatters change the spaces there. */
function pre(id: string, text: string): Html {
  return new Html(`<pre id="${id}" tabindex="0">${escapeHtml(text)}</pre>`);
}

/** Frames, with those of libraries and of the runtime folded. */
function framesOf(frames: readonly FrameModel[], editor: string | undefined): Html {
  const first = frames.find(({ kind, excerpt }) => kind === "application" && excerpt) ??
    frames.find(({ live }) => live);
  const items = runs(frames).map((run) => {
    const [frame] = run;
    if (frame?.kind === "application") return item(frame, frame === first, editor);
    const inside = run.map((frame) => item(frame, false, editor));
    const count = run.length === 1 ? "1 frame" : `${run.length} frames`;
    return html`
      <li>
        <details class="fold">
          <summary>${count} of ${kinds(run)}</summary>
          <ol class="frames">${inside}</ol>
        </details>
      </li>
    `;
  });
  return html`<ol class="frames">${items}</ol>`;
}

function item(frame: FrameModel, open: boolean, editor: string | undefined): Html {
  const { kind, shortFile, live, id } = frame;
  const body = [
    editor === undefined || kind === "runtime" || frame.line === 0 ? "" : html`
      <p
        class="edit"><a href="${editorLink(editor, frame)}">Open in the editor</a></p>
    `,
    codeOf(frame),
    live ? html`<div class="live" data-frame="${id}" hidden></div>` : "",
  ];
  return html`
    <li>
      <details class="frame ${kind}" ${new Html(open ? "open" : "")}><summary><span
        class="name">${frameName(frame)}</span> <span class="place">${visible(
          shortFile,
        )}<b>${placeOf(frame)}</b></span>${live
          ? html`
            <span class="tag">live</span>
          `
          : ""}</summary>${body}</details>
    </li>
  `;
}

function editorLink(template: string, { file, line, column }: FrameModel): string {
  const values: Readonly<Record<string, string>> = {
    "{file}": file.split("/").map(encodeURIComponent).join("/"),
    "{line}": String(line),
    "{column}": String(Math.max(1, column)),
  };
  return template.replace(/\{(?:file|line|column)\}/g, (name) => values[name] ?? name);
}

/** The excerpt of a frame, with the position marked. Further lines can be opened. */
function codeOf({ excerpt, line, column, shortFile }: FrameModel): Html {
  if (!excerpt) return new Html('<p class="none">The source of this frame cannot be read.</p>');
  const { first, lines } = excerpt;
  const last = first + lines.length - 1;
  const block = (from: number, to: number): string => {
    const rows = lines.slice(from - first, to + 1 - first).map((text, i) => {
      const number = from + i;
      const here = number === line;
      const code = here ? marked(visible(text), column) : colour(visible(text));
      return `<span class="${here ? "l here" : "l"}" data-n="${number}">${code}\n</span>`;
    });
    return `<pre>${rows.join("")}</pre>`;
  };
  const more = (from: number, to: number): string =>
    from > to
      ? ""
      : `<details class="more"><summary>Lines ${from}–${to}</summary>${block(from, to)}</details>`;
  const top = Math.max(first, line - AROUND);
  const bottom = Math.min(last, line + AROUND);
  return new Html(
    `<div class="code" tabindex="0" role="region" aria-label="${
      escapeHtml(`${shortFile}, around line ${line}`)
    }">${more(first, top - 1)}${block(top, bottom)}${more(bottom + 1, last)}</div>`,
  );
}

/** Marks the word that begins at the column. */
function marked(text: string, column: number): string {
  if (column < 1 || column > text.length) return colour(text);
  const start = column - 1;
  const word = /^new [\w$.]+|^[\w$#]+|^./u.exec(text.slice(start))?.[0] ?? "";
  const end = start + word.length;
  return `${colour(text.slice(0, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>${
    colour(text.slice(end))
  }`;
}

function colour(text: string): string {
  let markup = "";
  let done = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    markup += escapeHtml(text.slice(done, match.index));
    markup += `<i class="${kind}">${escapeHtml(match[0])}</i>`;
    done = match.index + match[0].length;
  }
  return markup + escapeHtml(text.slice(done));
}
