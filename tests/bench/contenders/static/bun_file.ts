import type { Listening, Site } from "../../support/contender.ts";
import { bunFile, bunServe, bunVersion } from "../../support/runtimes.ts";

export const name = "Bun.file";
export const version = bunVersion();
export const runtime = "bun";
export const start = ({ directory }: Site): Promise<Listening> =>
  bunServe({
    fetch: async (request: Request) => {
      const file = bunFile(directory + new URL(request.url).pathname);
      return await file.exists() ? new Response(file) : new Response(null, { status: 404 });
    },
  });
