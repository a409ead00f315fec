/**
 * The options of a target about the fields of requests.
 *
 * @module
 */
import { type Check, fail, listOf, shown, tableOf, text } from "../config.ts";
import { isHopByHop } from "../http/hop_by_hop.ts";
import type { Field } from "../http/fields.ts";
import type { Refuse } from "./types.ts";

/** Fields that have an option of their own, or that describe what is sent. */
const RESERVED = new Map([
  ["host", "use the option host"],
  ["content-length", "it is the length of what the client sends"],
  ["expect", "the host has answered it"],
  ["via", "use the option via"],
]);

/** The name of a field (RFC 9110 §5.1), or the beginning of one. */
const REMOVABLE = /^[\w!#$%&'+\-.^`|~]+\*?$/;

/** What the options must be. */
export const HEADER_OPTIONS: Readonly<Record<"headers" | "removeHeaders", Check>> = {
  headers: tableOf(
    (value, where) => typeof value === "string" || fail(where, value, "a string"),
    '"x-api-key": "…"',
  ),
  removeHeaders: listOf(
    text('a name such as "referer" or "x-internal-*"', REMOVABLE),
    '"x-internal-*"',
  ),
};

/** The fields to set on every request. */
export function readHeaders(
  headers: Readonly<Record<string, string>>,
  refuse: Refuse,
): readonly Field[] {
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    const why = isHopByHop(name)
      ? "it belongs to the connection"
      : RESERVED.get(name.toLowerCase());
    if (why) refuse(`: headers must not set ${name}; ${why}`);
    try {
      fields.append(name, value);
    } catch {
      // Not the error of the runtime, which may show the value: it may be a secret.
      refuse(
        `: headers has ${shown(name)}, which cannot be sent; give a token as name, and a value ` +
          "in Latin-1 without line breaks",
      );
    }
  }
  return [...fields];
}

/** The names of fields to leave out, in lower case. */
export function readRemoved(names: readonly string[], refuse: Refuse): readonly string[] {
  return names.map((name) => {
    const why = RESERVED.get(name.toLowerCase());
    return why ? refuse(`: removeHeaders must not have ${name}; ${why}`) : name.toLowerCase();
  });
}
