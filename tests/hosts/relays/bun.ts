/** On `Bun.serve`. */
import { bunWebSocket } from "handwerk/bun";
import { relayTo } from "./relay.ts";

const app = relayTo(process.env["UPSTREAM"] ?? "");
const server = Bun.serve({ fetch: app, websocket: bunWebSocket, port: 0, hostname: "127.0.0.1" });
console.log(`port ${server.port}`);
process.once("SIGINT", () => process.exit());
