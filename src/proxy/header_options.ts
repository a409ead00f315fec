/**
 * The options of a target about the fields of requests.
 *
 * @module
 */
import { type Field, isHopByHop } from "../http/connection.ts";
import type { Refuse } from "./connection.ts";

/** Fields that have an option of their own, or that describe what is sent. */
const RESERVED = new Map([
  ["host", "use the option host"],
  ["content-length", "it is the length of what the client sends"],
  ["expect", "the host has answered it"],
  ["via", "use the option via"],
]);

/** The name of a field (RFC 9110 §5.1), or the beginning of one. */
const REMOVABLE = /^[\w!#$%&'+\-.^`|~]+\*?$/;

/** The fields to set on every request. */
export function readHeaders(
  headers: Readonly<Record<string, string>>,
  refuse: Refuse,
): readonly Field[] {
  for (const name of Object.keys(headers)) {
    const why = isHopByHop(name)
      ? "it belongs to the connection"
      : RESERVED.get(name.toLowerCase());
    if (why) refuse(`: headers must not set ${name}; ${why}`);
  }
  try {
    return [...new Headers(headers)];
  } catch (error) {
    return refuse(`: headers cannot be sent: ${String(error)}`);
  }
}

/** The names of fields to leave out, in lower case. */
export function readRemoved(names: readonly string[], refuse: Refuse): readonly string[] {
  if (!Array.isArray(names)) refuse(': removeHeaders must be a list such as ["x-internal-*"]');
  return names.map((name: unknown) => {
    if (typeof name !== "string" || !REMOVABLE.test(name)) {
      return refuse(
        `: removeHeaders has ${
          JSON.stringify(name)
        }; give names such as "referer" or "x-internal-*"`,
      );
    }
    const why = RESERVED.get(name.toLowerCase());
    return why ? refuse(`: removeHeaders must not have ${name}; ${why}`) : name.toLowerCase();
  });
}
