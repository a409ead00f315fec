/**
 * `103 Early Hints` of upstreams (RFC 8297), passed on to clients that understand them.
 *
 * @module
 */
import { endToEnd } from "../http/hop_by_hop.ts";
import type { Field } from "../http/fields.ts";
import { hostRequestOf } from "../host/host_request.ts";
import { splitLinks } from "../http/references.ts";
import type { OutgoingRequest } from "../transport/transport.ts";

/**
 * The request that passes early hints on, where the client takes them.
 *
 * @param request The request as the host passed it.
 * @param map Changes the fields of a response as those of the final one are changed.
 */
export function withEarlyHints(
  outgoing: OutgoingRequest,
  request: Request,
  map: (fields: readonly Field[]) => readonly Field[],
): OutgoingRequest {
  const client = hostRequestOf(request);
  if (!client?.supportsEarlyHints) return outgoing;
  const { onInformational } = outgoing;
  return {
    ...outgoing,
    onInformational(status, fields) {
      if (status === 103) {
        const links = map(endToEnd(fields)).flatMap(([name, value]) =>
          name === "link" ? splitLinks(value) : []
        );
        client.sendEarlyHints(links);
      }
      onInformational?.(status, fields);
    },
  };
}
