import sirv from "sirv";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";

export const name = "sirv";
export const version = versionOf("sirv");
export const runtime = "node";
// Its production mode reads the directory once, at the start.
export const start = ({ directory }: Site): Promise<Listening> =>
  listen(sirv(directory, { dev: false, etag: true, gzip: true, maxAge: 43200 }));
