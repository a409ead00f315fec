/**
 * The URL of an upstream as somebody wrote it.
 *
 * @module
 */
import { checkOptions, type Checks, fail, shown } from "../config.ts";
import type { Refuse } from "./types.ts";
import type { WeightedUrl } from "./upstreams/types.ts";

const WEIGHTED: Checks<WeightedUrl> = {
  url: () => {}, // by readUrl
  weight: (value, where) => {
    if (!(Number.isFinite(value) && Number(value) > 0)) fail(where, value, "a number above 0");
  },
};

/** One of several upstreams, checked. */
export function readMember(
  owner: string,
  member: string | URL | WeightedUrl,
  refuse: Refuse,
): { readonly url: URL; readonly weight: number } {
  const given: WeightedUrl = typeof member === "string" || member instanceof URL
    ? { url: member }
    : member;
  checkOptions(owner, given, WEIGHTED, { required: ["url"] });
  const { url, weight = 1 } = given;
  return { url: readUrl(url, refuse), weight };
}

/** The URL of an upstream, checked. */
export function readUrl(value: unknown, refuse: Refuse): URL {
  const url = (typeof value === "string" || value instanceof URL) && URL.parse(value) ||
    refuse(` is ${shown(value)}; give a URL such as "http://127.0.0.1:5001/"`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    refuse(' must be an http or https URL such as "http://127.0.0.1:5001/"');
  }
  if (url.search || url.hash) refuse(" must not have a query or a fragment; leave it out");
  if (url.username || url.password) {
    refuse(" must not hold credentials; set headers: { authorization: … }");
  }
  return url;
}
