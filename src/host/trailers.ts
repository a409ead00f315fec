/**
 * How trailer fields (RFC 9110 §6.5), which a `Response` has not, get to a host that can send them.
 *
 * @module
 */
import type { Trailed } from "../http/trailer_fields.ts";
import { sideTable } from "./side_table.ts";

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
