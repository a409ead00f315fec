import { readdirSync, readFileSync } from "node:fs";
import type { Listening, Site } from "../../support/contender.ts";
import { bunServe, bunVersion } from "../../support/runtimes.ts";

export const name = "Bun routes";
export const version = bunVersion();
export const runtime = "bun";
// Responses that are made once and that Bun sends without calling JavaScript.
export const start = ({ directory }: Site): Promise<Listening> => {
  const routes = readdirSync(directory).filter((name) => !name.startsWith("100m"))
    .map((name) => [`/${name}`, new Response(readFileSync(`${directory}/${name}`))]);
  return bunServe({
    routes: Object.fromEntries(routes) as object,
    fetch: () => new Response(null, { status: 404 }),
  });
};
