import { notFound, proxy } from "handwerk";
import { denoServe } from "../../support/runtimes.ts";
import { type Listening, ownVersion, type Site } from "../../support/contender.ts";

export const name = "handwerk";
export const version = ownVersion();
export const runtime = "deno";
export const start = ({ upstream }: Site): Promise<Listening> =>
  denoServe(proxy({ "/": upstream })(notFound));
