import { notFound, serveStatic } from "handwerk";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";
import { denoServe } from "../../support/runtimes.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "deno";
export const start = ({ directory }: Site): Promise<Listening> =>
  denoServe(serveStatic({ "/": directory }, { precompressed: ["gzip"] })(notFound));
