/** The trivial handler as serveStatic and proxy answer: neither request nor response is native. */
import type { Handler } from "handwerk";
import { nativeRequest } from "../../../src/host/host_request.ts";
import { makeResponse } from "../../../src/host/make_response.ts";
import { mountAware } from "../../../src/mount.ts";
import { bytes, fields, names, trivial } from "./trivial.ts";

const prepared = Object.entries(fields).flat();
const foreign = trivial();
export const ownTrivial: Handler = mountAware((request) => {
  const { url } = request;
  const answer = (): Response => makeResponse(request, bytes, { status: 200, fields: prepared });
  if (url.endsWith("/bytes")) return answer();
  if (url.endsWith("/promise")) return Promise.resolve().then(answer);
  if (!url.endsWith("/fields")) return foreign(nativeRequest(request));
  const length = names.reduce((sum, name) => sum + (request.headers.get(name)?.length ?? 0), 0);
  const list = [...prepared, "x-length", `${request.method} ${length}`];
  return makeResponse(request, bytes, { status: 200, fields: list });
});
