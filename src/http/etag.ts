/**
 * Entity tags (RFC 9110 §8.8.3).
 *
 * @module
 */

/** One entity tag. Sticky, so that a list is read from left to right in linear time. */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/y;

/**
 * The entity tags of an `If-Match` or `If-None-Match` header, or `"*"`. Tags may contain commas, so
 * the list cannot be split at them. Reading stops at the first member that is not an entity tag.
 */
export function parseEntityTags(value: string): readonly string[] | "*" {
  const text = value.trim();
  if (text === "*") return "*";
  const tags: string[] = [];
  for (let at = 0; at < text.length;) {
    const char = text[at];
    if (char === "," || char === " " || char === "\t") {
      at++;
      continue;
    }
    ENTITY_TAG.lastIndex = at;
    const match = ENTITY_TAG.exec(text);
    if (!match) break;
    tags.push(match[0]);
    at = ENTITY_TAG.lastIndex;
  }
  return tags;
}

/** Compares opaque tags only (RFC 9110 §8.8.3.2). */
export function weaklyEqual(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

/** True only for two strong tags (RFC 9110 §8.8.3.2). */
export function stronglyEqual(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
