import { notFound, proxy } from "handwerk";
import { serve } from "handwerk/node";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "node";
export const start = async ({ upstream }: Site): Promise<Listening> => ({
  port: (await serve({ fetch: proxy({ "/": upstream })(notFound), port: 0, hostname: "127.0.0.1" }))
    .port,
});
