import type { Listening } from "../../support/contender.ts";
import { denoServe, denoVersion } from "../../support/runtimes.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "Deno.serve";
export const version = denoVersion();
export const runtime = "deno";
export const start = (): Promise<Listening> => denoServe(trivial());
