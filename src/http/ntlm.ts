/**
 * NTLM, which authenticates a connection in place of a request. A proxy shares the connections to an
 * upstream among its clients, so that the next request of anybody would be taken for one of the user
 * who has signed in on it (RFC 9110 §3.3).
 *
 * @module
 */

/** A scheme with what it needs (RFC 9110 §11.2); NTLM may come in that of Negotiate (RFC 4559). */
const BOUND = /^[ \t]*(ntlm|negotiate)(?:[ \t]+([A-Za-z0-9+/]+)=*)?[ \t]*$/i;
/** A challenge or a parameter of one, which may be quoted. */
const MEMBER = /(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+/g;

/** Whether credentials, or a challenge, are those of NTLM. */
export function isNtlm(value: string): boolean {
  const [, scheme, token = ""] = BOUND.exec(value) ?? [];
  if (scheme === undefined) return false;
  return scheme.toLowerCase() === "ntlm" || holdsNtlm(token);
}

/** The value of `WWW-Authenticate` without NTLM; `""` when nothing is left. */
export function withoutNtlm(value: string): string {
  if (!/ntlm|negotiate/i.test(value)) return value;
  const members = value.match(MEMBER) ?? [];
  const others = members.filter((member) => !isNtlm(member));
  return others.length === members.length ? value : others.join(",").trim();
}

/** RFC 4178 wraps the message. */
function holdsNtlm(token: string): boolean {
  try {
    return atob(token).includes("NTLMSSP\0");
  } catch {
    return false;
  }
}
