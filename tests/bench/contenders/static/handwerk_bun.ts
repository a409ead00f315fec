import { notFound, serveStatic } from "handwerk";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";
import { bunServe } from "../../support/runtimes.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "bun";
export const start = ({ directory }: Site): Promise<Listening> =>
  bunServe({ fetch: serveStatic({ "/": directory }, { precompressed: ["gzip"] })(notFound) });
