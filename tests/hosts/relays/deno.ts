/** On `Deno.serve`. */
import { relayTo } from "./relay.ts";

const app = relayTo(Deno.env.get("UPSTREAM") ?? "");
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app);
console.log(`port ${server.addr.port}`);
Deno.addSignalListener("SIGINT", () => Deno.exit());
