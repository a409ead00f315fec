/**
 * NTLM authenticates a connection and not a request. A proxy shares the connections to an upstream
 * among its clients: after one user has signed in, the upstream would take the next request of
 * another client on the same connection for a request of this user (RFC 9110 §3.3).
 *
 * @module
 */

/** A scheme and its token (RFC 9110 §11.2). Negotiate may carry NTLM, too (RFC 4559). */
const BOUND = /^[ \t]*(ntlm|negotiate)(?:[ \t]+([A-Za-z0-9+/]+)=*)?[ \t]*$/i;
/** A challenge or a parameter of one, which may be quoted. */
const MEMBER = /(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+/g;

/** Whether credentials, or a challenge, are those of NTLM. */
export function isNtlm(value: string): boolean {
  const [, scheme, token = ""] = BOUND.exec(value) ?? [];
  if (scheme === undefined) return false;
  return scheme.toLowerCase() === "ntlm" || holdsNtlm(token);
}

/** The value of `WWW-Authenticate` without NTLM challenges; `""` if there is no other. */
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
