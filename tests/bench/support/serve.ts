/** The process of a contender: `serve.ts <file> <site as JSON>`. Ends when its parent does. */
import type { Contender, Site } from "./contender.ts";

const [file = "", site = "{}"] = process.argv.slice(2);
const { name, version, start } = await import(file) as Contender;
const { port, pid = process.pid } = await start(JSON.parse(site) as Site);
console.log(JSON.stringify({ name, version, port, pid }));
process.stdin.on("end", () => process.exit()).resume();
process.once("SIGTERM", () => process.exit());
