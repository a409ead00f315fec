/**
 * The handshake of WebSocket with an upstream, whose client is this process.
 *
 * @module
 */
import type { Field } from "../../http/fields.ts";
import type { Tunnel } from "../transport.ts";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Whether the fields of a 101 agree to a request without extensions, as a client must check
 * (RFC 6455 §4.1).
 */
export async function agrees(asked: Headers, answered: Iterable<Field>): Promise<boolean> {
  const fields = [...answered];
  const valuesOf = (wanted: string): string[] =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.trim());
  const [accept, ...others] = valuesOf("sec-websocket-accept");
  if (others.length > 0 || accept !== await acceptOf(asked.get("sec-websocket-key") ?? "")) {
    return false;
  }
  if (valuesOf("sec-websocket-extensions").some((value) => value !== "")) return false;
  const protocols = (asked.get("sec-websocket-protocol") ?? "").split(",");
  const offered = new Set(protocols.map((name) => name.trim()));
  const chosen = valuesOf("sec-websocket-protocol");
  return chosen.length <= 1 && chosen.every((name) => offered.has(name));
}

async function acceptOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key.trim() + GUID));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** The fields for a client whose runtime makes the rest of the handshake itself. */
export function handshakeFields({ fields }: Tunnel): Field[] {
  return [...fields].filter(([name]) => {
    return !/^(?:sec-websocket-(?:accept|extensions)|content-length|date)$/i.test(name);
  });
}
