/** `npm run bench`, or `npm run bench -- static` for one of the benches. */
import { layers } from "./layers.ts";
import { staticFiles } from "./static.ts";

const benches: Readonly<Record<string, () => Promise<void>>> = { layers, static: staticFiles };
const asked = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await bench();
}
