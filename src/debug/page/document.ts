/**
 * The HTML documents of the debugger: the frame around each page, and the small pages.
 *
 * @module
 */
import { Html, html } from "../../http/html.ts";
import { visible } from "../render/text.ts";
import type { Report } from "../types.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** The id of the console that belongs to no error. */
export const NO_ERROR = "console";

/** The values that the script of a page needs. */
export interface PageTools {
  /** The nonce of the script and the style. */
  readonly nonce: string;
  /** The path of the debugger as the client sees it. */
  readonly path: string;
  /** The token of this process. */
  readonly token: string;
}

/** A document. The script is at its end, so that the elements exist when it runs. */
export function documentOf(
  title: string,
  body: Html,
  { nonce, path, token }: PageTools,
  id = "",
): string {
  const script = `(() => {"use strict";\n${SCRIPT}})();`;
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>${title}</title>
        <link rel="icon" href="data:,">
        <style nonce="${nonce}">${new Html(STYLE)}</style>
      </head>
      <body data-path="${path}" data-token="${token}" data-error="${id}">
    ${body}
    <script nonce="${nonce}">${new Html(script)}</script>
      </body>
    </html>
  `.markup.trim();
}

/** The list of recent errors. */
export function renderList(reports: readonly Report[], console: boolean, tools: PageTools): string {
  const items = reports.map(({ id, time, error, request }) =>
    html`<li><a href="${tools.path}/${id}"><span class="kind">${visible(error.name)}</span> ${
      visible(error.message.slice(0, 300))
    }</a><p>${request.method} ${visible(request.url)} · <time datetime="${time}">${
      time.slice(11, 19)
    }</time> UTC</p></li>`
  );
  return simple(
    "Recent errors",
    html`
      ${items.length === 0
        ? html`<p class="note">No errors so far.</p>`
        : html`<ol class="errors">${items}</ol>`}
      ${console ? html`<p><a href="${tools.path}/console">Console</a></p>` : ""}
    `,
    tools,
  );
}

/** The console that belongs to no error. */
export function renderConsole(tools: PageTools): string {
  const body = html`
    <noscript><p class="notice">The console needs JavaScript.</p></noscript>
    <p class="actions"><button type="button" data-unlock hidden>Unlock</button>
    <span role="status"></span></p>
    <div class="live" data-frame="0" data-alone hidden></div>
  `;
  return simple("Console", body, tools, NO_ERROR);
}

/** The page of an error that is no longer kept. */
export function renderExpired(tools: PageTools): string {
  const body = html`
    <p class="note">The last 20 errors are kept for 30 minutes, until the server restarts. Reproduce it
    to see it again.</p>
    <p><a href="${tools.path}">Recent errors</a></p>
  `;
  return simple("This error has expired", body, tools);
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
