import { serve } from "handwerk/node";
import { type Listening, ownVersion } from "../../support/contender.ts";
import { ownTrivial } from "../../support/own_trivial.ts";

export const name = "handwerk's own handlers";
export const version = ownVersion();
export const runtime = "node";
export const start = async (): Promise<Listening> => ({
  port: (await serve({ fetch: ownTrivial, port: 0, hostname: "127.0.0.1" })).port,
});
