import type { Listening } from "../../support/contender.ts";
import { bunServe, bunVersion } from "../../support/runtimes.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "Bun.serve";
export const version = bunVersion();
export const runtime = "bun";
export const start = (): Promise<Listening> => bunServe({ fetch: trivial() });
