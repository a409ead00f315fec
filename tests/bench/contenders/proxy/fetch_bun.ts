import type { Listening, Site } from "../../support/contender.ts";
import { bunServe, bunVersion } from "../../support/runtimes.ts";

export const name = "fetch";
export const version = bunVersion();
export const runtime = "bun";
export const start = ({ upstream }: Site): Promise<Listening> =>
  bunServe({
    fetch: (request: Request) => {
      const { pathname, search } = new URL(request.url);
      const url = upstream + pathname + search;
      return fetch(
        new Request(url, request),
        { redirect: "manual", decompress: false } as RequestInit,
      );
    },
  });
