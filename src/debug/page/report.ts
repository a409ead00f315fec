/**
 * The page of an error.
 *
 * @module
 */
import { escapeHtml, Html, html } from "../../http/html.ts";
import type { ErrorModel, Report } from "../model.ts";
import { renderMarkdown } from "../render/markdown.ts";
import { RELATIONS, renderText, visible } from "../render/text.ts";
import { documentOf, type PageTools } from "./document.ts";
import { framesOf } from "./frame_list.ts";

/** What the page of an error is made with. */
export interface ReportTools extends PageTools {
  /** The template of links to the editor. */
  readonly editor: string | undefined;
  /** Why variables cannot be read, if they cannot. */
  readonly notice: string | undefined;
}

/** Renders the page of an error; the plain text of it is in a comment at the end. */
export function renderReport(report: Report, tools: ReportTools): string {
  const { error, request, id } = report;
  const text = renderText(report);
  const title = visible(error.message ? `${error.name}: ${error.message}` : error.name);
  const body = html`
    <header class="top">
      <p class="request"><b>${request.method}</b> ${visible(pathOf(request.url))}</p>
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
    <h2 id="plain-title">To copy</h2>
    <details><summary>As text</summary>${pre("as-text", text)}</details>
    <details><summary>As Markdown</summary>${pre("as-markdown", renderMarkdown(report))}</details>
    </section>
    </main>
    <footer>
      <p>On a frame, <kbd>↑</kbd> and <kbd>↓</kbd> go to the next one, <kbd>Enter</kbd> opens it, and
    <kbd>c</kbd> goes to its console.</p>
      <p><a href="${tools
        .path}">Errors of late</a> · handwerk debug · seen at <time datetime="${report
        .time}">${report.time.slice(0, 19).replace("T", " ")}</time> UTC</p>
    </footer>
  `;
  const page = documentOf(title.slice(0, 200), body, tools, id);
  // Nothing in a comment may end it; without two hyphens in a row, nothing can (HTML §13.1.6).
  return `${page}\n<!--\n\n${text.replace(/-{2,}/g, "-")}\n-->\n`;
}

function errorBody(error: ErrorModel, editor: string | undefined): Html {
  const { note, details, frames, thrownAt, related } = error;
  return html`
    ${note === undefined ? "" : html`<p class="note">${note}</p>`}
    ${details.length === 0 ? "" : html`<dl class="details">${
      details.map(([name, text]) =>
        html`
          <div>
            <dt>${visible(name)}</dt>
            <dd>${visible(text)}</dd>
          </div>
        `
      )
    }</dl>`}
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
  const rows = [["URL", request.url] as const, ...request.fields].map(([name, value]) =>
    html`
      <div>
        <dt>${name}</dt>
        <dd>${visible(value)}</dd>
      </div>
    `
  );
  return html`
    <section class="asked" aria-labelledby="request-title">
      <h2 id="request-title">Request <button type="button" data-reveal hidden>Show secrets</button></h2>
      <dl class="fields">${rows}</dl>
    </section>
  `;
}

/** Preformatted, which a template that may be laid out anew must not hold. */
function pre(id: string, text: string): Html {
  return new Html(`<pre id="${id}" tabindex="0">${escapeHtml(text)}</pre>`);
}

/** The URL without its origin. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/, "");
}
