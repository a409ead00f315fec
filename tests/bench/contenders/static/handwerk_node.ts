import { notFound, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "node";
export const start = async ({ directory }: Site): Promise<Listening> => {
  const fetch = serveStatic({ "/": directory }, { precompressed: ["gzip"] })(notFound);
  return { port: (await serve({ fetch, port: 0, hostname: "127.0.0.1" })).port };
};
