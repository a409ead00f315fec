import type { Listening, Site } from "../../support/contender.ts";
import { denoServe, denoVersion } from "../../support/runtimes.ts";

export const name = "fetch";
export const version = denoVersion();
export const runtime = "deno";
export const start = ({ upstream }: Site): Promise<Listening> =>
  denoServe((request) => {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(upstream + pathname + search, request), { redirect: "manual" });
  });
