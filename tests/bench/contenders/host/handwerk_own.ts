import { nativeRequest } from "../../../../src/http/received.ts";
import { respond } from "../../../../src/http/respond.ts";
import { placed } from "../../../../src/mount.ts";
import { serve } from "../../../../src/node.ts";
import { type Listening, ownVersion } from "../../support/contender.ts";
import { bytes, fields, names, trivial } from "../../support/trivial.ts";

export const name = "handwerk's own handlers";
export const version = ownVersion();
export const runtime = "node";
const prepared = Object.entries(fields).flat();
const foreign = trivial();
/** As serveStatic and proxy answer: neither the request nor the response is native. */
const fetch = placed((request) => {
  const { url } = request;
  const answer = (): Response => respond(request, bytes, { status: 200, fields: prepared });
  if (url.endsWith("/bytes")) return answer();
  if (url.endsWith("/promise")) return Promise.resolve().then(answer);
  if (!url.endsWith("/fields")) return foreign(nativeRequest(request));
  const length = names.reduce((sum, name) => sum + (request.headers.get(name)?.length ?? 0), 0);
  const list = [...prepared, "x-length", `${request.method} ${length}`];
  return respond(request, bytes, { status: 200, fields: list });
});
export const start = async (): Promise<Listening> => ({
  port: (await serve({ fetch, port: 0, hostname: "127.0.0.1" })).port,
});
