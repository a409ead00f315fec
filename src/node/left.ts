/**
 * Why a request is aborted when its client leaves: the same for its signal and for its content.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { sideTable } from "../host/side_table.ts";

const reasons = sideTable<IncomingMessage, DOMException>();

/** The reason, one for each message. */
export function clientLeft(message: IncomingMessage): DOMException {
  const reason = reasons.get(message) ??
    new DOMException("the client closed the connection", "AbortError");
  reasons.set(message, reason);
  return reason;
}
