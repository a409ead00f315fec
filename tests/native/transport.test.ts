import type { OutgoingRequest, Transport } from "handwerk";
import { runtimeTransport } from "../../src/platform/current.ts";
import { connectionTests } from "../support/connection_tests.ts";
import { transportTests } from "../support/transport_tests.ts";
import { wireTests } from "../support/wire_tests.ts";

const own = runtimeTransport();
/** The same, as a browser uses it: Deno has other means for what may be coded. */
const coded: Transport = {
  ...own,
  send: (request: OutgoingRequest) =>
    own.send({ ...request, fields: [...request.fields, ["accept-encoding", "gzip"]] }),
};
transportTests("this runtime's transport");
connectionTests("this runtime's transport", own);
connectionTests("this runtime's transport: asked for a coding", coded);
wireTests("this runtime's transport", own);
