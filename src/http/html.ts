/**
 * Escaping text for HTML.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for the content of an element, and for an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}

/** Markup made by {@linkcode html}. It is not escaped again. */
export class Html {
  /** The markup. */
  readonly markup: string;
  /** Wraps markup that is safe. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A template for markup. Values are escaped, except for `Html`. Lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  const markup = (value: unknown): string =>
    value instanceof Html
      ? value.markup
      : Array.isArray(value)
      ? value.map(markup).join("")
      : escapeHtml(String(value));
  return new Html(parts.reduce((text, part, i) => text + markup(values[i - 1]) + part));
}
