/** On `node:http`: under Node, and under Bun and Deno with the same code. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listener, upgradeListener } from "handwerk/node";
import { relayTo } from "./relay.ts";

const app = relayTo(process.env["UPSTREAM"] ?? "");
const server = createServer(listener(app)).on("upgrade", upgradeListener(app));
server.listen(0, "127.0.0.1", () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
process.once("SIGINT", () => process.exit());
