/**
 * The `Via` header: the intermediaries that a message has passed (RFC 9110 §7.6.3).
 *
 * @module
 */

/** Whether a message has passed the intermediary with this pseudonym. */
export function hasPassed(via: string, pseudonym: string): boolean {
  const own = pseudonym.toLowerCase();
  return via.split(",").some((member) => {
    const [, receivedBy] = member.trim().split(/[ \t]+/, 2);
    return receivedBy?.toLowerCase() === own;
  });
}

/** The value with the intermediary appended. The version is always 1.1: Fetch does not know it. */
export function appendVia(via: string | null | undefined, pseudonym: string): string {
  return `${via ? `${via}, ` : ""}1.1 ${pseudonym}`;
}

/** Whether a name can be a pseudonym: a token (RFC 9110 §5.6.2). */
export function isPseudonym(name: string): boolean {
  return /^[\w!#$%&'*+\-.^`|~]+$/.test(name);
}
