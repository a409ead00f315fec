/**
 * How trailer fields (RFC 9110 §6.5), which a `Response` has not, get to a host that can send them.
 *
 * @module
 */
import { sideTable } from "./side_table.ts";
import type { Field } from "../http/hop_by_hop.ts";

/** What trailer fields follow. */
export interface Trailed {
  /** The fields that came before the content. */
  readonly fields: Iterable<Field>;
  /** Those that come after it, when it has ended. */
  readonly trailers?: Promise<readonly Field[]> | undefined;
}

const following = sideTable<Response, Trailed>();

/** Lets the trailer fields that were received go with a response; for the host to choose from. */
export function withTrailers(response: Response, trailed: Trailed): Response {
  following.set(response, trailed);
  return response;
}

/** For hosts: what was received with a response. One that was made of it has no trailer fields. */
export function trailedOf(response: Response): Trailed | undefined {
  return following.get(response);
}

/** Whether a client takes trailer fields (RFC 9110 §10.1.4). */
export function takesTrailers(te: string | null): boolean {
  return te !== null && /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(te);
}
