/**
 * Lines of source on the page, with a little colour.
 *
 * @module
 */
import { escapeHtml, Html } from "../../http/html.ts";
import type { FrameModel } from "../model.ts";
import { visible } from "../render/text.ts";

/** Lines shown on each side before more are asked for. */
const AROUND = 5;

/** Comments, strings, words of the language, and numbers; each ends within its line. */
const TOKEN =
  /(\/\/.*|\/\*.*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|\b(as|async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|interface|let|new|of|return|static|super|switch|this|throw|try|type|typeof|var|void|while|yield|true|false|null|undefined)\b|\b(\d[\w.]*)/g;
const CLASSES = ["c", "s", "k", "n"];

/** The excerpt of a frame, the line and the column marked, with more of it to be opened. */
export function codeOf({ excerpt, line, column, shortFile }: FrameModel): Html {
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

/** The word that begins at the column is what is at fault. */
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
