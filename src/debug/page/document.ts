/**
 * The pages of the debugger: a document around a body, with everything that it needs in it.
 *
 * @module
 */
import { Html, html } from "../../http/html.ts";
import { SCRIPT } from "./script.ts";
import { CONSOLE_SCRIPT } from "./script_console.ts";
import { VALUES_SCRIPT } from "./script_values.ts";
import { STYLE } from "./style.ts";

/** What the script of a page must know. */
export interface PageTools {
  /** The nonce of the script and the style. */
  readonly nonce: string;
  /** The path of the debugger, as the client sees it. */
  readonly path: string;
  /** The token of this process. */
  readonly token: string;
}

/** A document. The script is at its end, where all that it works on is there. */
export function documentOf(
  title: string,
  body: Html,
  { nonce, path, token }: PageTools,
  id = "",
): string {
  const script = `(() => {"use strict";\n${SCRIPT}${VALUES_SCRIPT}${CONSOLE_SCRIPT}})();`;
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
