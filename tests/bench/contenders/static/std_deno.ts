import type { Listening, Site } from "../../support/contender.ts";
import { denoServe } from "../../support/runtimes.ts";

export const name = "@std/http serveDir";
export const version = "1";
export const runtime = "deno";
export const start = async ({ directory }: Site): Promise<Listening> => {
  // Only JSR has it, so that it is left out where that cannot be reached.
  const module = "jsr:@std/http@1/file-server";
  const { serveDir } = await import(module) as {
    serveDir: (request: Request, options: object) => Promise<Response>;
  };
  return denoServe((request) => serveDir(request, { fsRoot: directory, quiet: true }));
};
