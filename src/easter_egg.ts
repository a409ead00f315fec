/**
 * An easter egg.
 *
 * @module
 */
import type { Middleware } from "./handler.ts";
import { escapeHtml } from "./http/html.ts";
import { mountAware, wrapping } from "./mount.ts";

/** The query that shows the page: the last work of an apprentice. */
const MAGIC = "?masterpiece";

/** A workbench. */
const PICTURE = String.raw`
      .---------------------------------------------------------.
      |   .-----.                                 \   |   /     |
      |   |     |      |\         _______          .-'''-.      |
      |   '-.-.-'      | \       |_______|     -- (       ) --  |
      |     | |        |  \          |             '-...-'      |
      |     | |        |   \         |            /   |   \     |
      |     |_|        |____\        |                          |
      '---------------------------------------------------------'

         _________                                     __
        |         |________________                   |  |    /\
        |         |________________)      (@         _|__|___/ /__
        |_________|                     @) (@@   @  (_____________)
    .---------------------------------------------------------------.
    |           a request goes in, a response comes out             |
    '---------------------------------------------------------------'
       ||   |                                                 |   ||
       ||   |    one function, planed until it fits the next  |   ||
       ||   '-------------------------------------------------'   ||
      _||_                                                       _||_
`;

const page = (nonce: string): string =>
  `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>handwerk</title>
<style nonce="${nonce}">:root{color-scheme:light dark}
body{display:grid;place-content:center;justify-items:center;min-height:90vh;margin:1rem;
font:1rem/1.5 system-ui,sans-serif;text-align:center}
pre{font:clamp(.4rem,1.45vw,.85rem)/1.2 ui-monospace,monospace;text-align:left}</style>
<h1>handwerk</h1>
<p>Handlers around handlers around a handler, and all of it made by hand.</p>
<pre role="img" aria-label="A workbench with a hammer and a plane; a window shows the sun">${
    escapeHtml(PICTURE)
  }</pre>
<p><a href="https://jsr.io/@handwerk/handwerk">More of it</a></p>
</html>
`;

/**
 * Shows a page for one query, as Werkzeug does, and passes every other request on.
 *
 * @returns The middleware.
 *
 * @example
 * ```ts
 * import { easterEgg, notFound } from "@handwerk/handwerk";
 *
 * const app = easterEgg()(notFound);
 * console.log((await app(new Request("http://localhost/?hammer"))).status); // 404
 * ```
 */
export function easterEgg(): Middleware {
  return wrapping(
    "easterEgg",
    (passOn) =>
      mountAware((request, place, args) =>
        place.target.query === MAGIC ? answer(request) : passOn(request, place, args)
      ),
  );
}

function answer(request: Request): Response {
  const nonce = crypto.randomUUID();
  return new Response(request.method === "HEAD" ? null : page(nonce), {
    headers: {
      "content-security-policy":
        `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; ` +
        "frame-ancestors 'none'",
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
    },
  });
}
