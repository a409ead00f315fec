import { serve } from "handwerk/node";
import { type Listening, ownVersion } from "../../support/contender.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "node";
export const start = async (): Promise<Listening> => ({
  port: (await serve({ fetch: trivial(), port: 0, hostname: "127.0.0.1" })).port,
});
