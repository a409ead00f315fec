import { notFound, proxy } from "handwerk";
import { bunServe } from "../../support/runtimes.ts";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "bun";
export const start = ({ upstream }: Site): Promise<Listening> =>
  bunServe({ fetch: proxy({ "/": upstream })(notFound) });
