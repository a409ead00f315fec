/**
 * The other pages: the list of errors, the console without an error, and what is gone.
 *
 * @module
 */
import { Html, html } from "../../http/html.ts";
import type { Report } from "../model.ts";
import { visible } from "../render/text.ts";
import { documentOf, type PageTools } from "./document.ts";

/** The id that stands for no error: that of the console without one. */
export const NO_ERROR = "console";

/** The page with the errors that are kept. */
export function renderList(reports: readonly Report[], console: boolean, tools: PageTools): string {
  const items = reports.map(({ id, time, error, request }) =>
    html`<li><a href="${tools.path}/${id}"><span class="kind">${visible(error.name)}</span> ${
      visible(error.message.slice(0, 300))
    }</a><p>${request.method} ${visible(request.url)} · <time datetime="${time}">${
      time.slice(11, 19)
    }</time> UTC</p></li>`
  );
  return simple(
    "Errors of late",
    html`
      ${items.length === 0
        ? html`<p class="note">There are none.</p>`
        : html`<ol class="errors">${items}</ol>`}
      ${console ? html`<p><a href="${tools.path}/console">A console</a></p>` : ""}
    `,
    tools,
  );
}

/** The page with a console that belongs to no error. */
export function renderConsole(tools: PageTools): string {
  const body = html`
    <noscript><p class="notice">The console needs its script.</p></noscript>
    <p class="actions"><button type="button" data-unlock hidden>Unlock</button>
    <span role="status"></span></p>
    <div class="live" data-frame="0" data-alone hidden></div>
  `;
  return simple("Console", body, tools, NO_ERROR);
}

/** The page that says that an error is not kept any more. */
export function renderGone(tools: PageTools): string {
  const body = html`
    <p class="note">The server has restarted, or the error is too long ago: the last 20 are kept, for
    half an hour. Let it happen again.</p>
    <p><a href="${tools.path}">Errors of late</a></p>
  `;
  return simple("This error is gone", body, tools);
}

function simple(title: string, body: Html, tools: PageTools, id = ""): string {
  const page = html`
    <header class="top">
      <h1>${title}</h1>
    </header>
    <main>${body}</main>
    <footer>
      <p>handwerk debug</p>
    </footer>
  `;
  return documentOf(title, page, tools, id);
}
