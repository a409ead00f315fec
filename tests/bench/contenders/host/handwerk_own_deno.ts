import { type Listening, ownVersion } from "../../support/contender.ts";
import { ownTrivial } from "../../support/own_trivial.ts";
import { denoServe } from "../../support/runtimes.ts";

export const name = "handwerk's own handlers";
export const version = ownVersion();
export const runtime = "deno";
export const start = (): Promise<Listening> => denoServe(ownTrivial);
