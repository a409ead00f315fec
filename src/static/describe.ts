/**
 * The fields that a representation has, whoever asks for it.
 *
 * @module
 */
import type { ChooseCoding } from "../http/negotiation.ts";
import { formatDate } from "../http/date.ts";
import { attachment } from "../http/disposition.ts";
import type { Validators } from "../http/preconditions.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { CacheFields } from "./cache_control.ts";
import { NOSNIFF, without } from "./finish.ts";
import type { Entry } from "./source.ts";

/** What is answered with. */
export interface Representation {
  /** The file, in its coding. */
  readonly entry: Entry;
  /** The content coding, or `"identity"`; `undefined` when the client refuses the file as it is. */
  readonly coding: string | undefined;
  /** The name of the file without its coding. */
  readonly name: string;
  /** The path of the file below its export. */
  readonly path: string;
  /** Tells the path of the export as the client sees it. */
  readonly base: () => string;
  /** Chooses by the `Accept-Encoding` of the request. */
  readonly choose: ChooseCoding;
}

/** What the options say about every representation. */
export interface Describing {
  readonly download: (path: string) => string | undefined;
  readonly untrusted: boolean;
  /** The fields of requests that decide about the coding. */
  readonly vary: string | undefined;
}

/** A representation as the fields of its answers say it. */
export interface Description {
  readonly validators: Validators;
  /** What guides caches; a 304 has these alone (RFC 9110 §15.4.5). */
  readonly guides: RawHeaders;
  /** The other fields of a 200. */
  readonly metadata: RawHeaders;
}

/** Files have ranges, of bytes. */
export const UNIT: RawHeaders = ["accept-ranges", "bytes"];

/** Types that a browser takes for a page of ours, with scripts. */
const ACTIVE =
  /^(?:text\/(?:html|xml)|application\/(?:xml|xhtml\+xml|pdf)|image\/svg\+xml|[^;]*\+xml)/;

/**
 * Describes a representation. Of the request, only what it selected is asked.
 *
 * @param coding The coding that is sent; weakly the same content when it is made on the way.
 */
export function describe(
  { entry, name, path }: Representation,
  coding: { readonly name: string; readonly made: boolean },
  type: string,
  { cacheControl, expires, validators }: CacheFields,
  { download, untrusted, vary }: Describing,
  now: number,
): Description {
  const etag = validators ? codedTag(entry.etag, coding.name, coding.made) : undefined;
  // RFC 9110 §8.8.2.1: a time in the future is replaced by now.
  const lastModified = !validators || entry.lastModified === undefined
    ? undefined
    : Math.min(entry.lastModified, now);
  const guides = ["cache-control", cacheControl];
  if (expires !== undefined) guides.push("expires", expires);
  if (etag !== undefined) guides.push("etag", etag);
  if (vary !== undefined) guides.push("vary", vary);

  const metadata = ["content-type", type, ...NOSNIFF];
  if (lastModified !== undefined) {
    // Where there is no tag, a cache updates what it has by the time.
    (etag === undefined ? guides : metadata).push("last-modified", formatDate(lastModified));
  }
  if (coding.name !== "identity") metadata.push("content-encoding", coding.name);
  const saved = download(path) ?? (untrusted && ACTIVE.test(type) ? name : undefined);
  if (saved !== undefined) metadata.push("content-disposition", attachment(saved));
  if (untrusted) metadata.push("content-security-policy", "sandbox; default-src 'none'");
  return { validators: { etag, lastModified }, guides, metadata };
}

/** A description with other validators. */
export function validatedBy(
  { guides, metadata }: Description,
  validators: Validators,
): Pick<Description, "validators" | "guides" | "metadata"> & { readonly fields: RawHeaders } {
  const { etag, lastModified } = validators;
  const others = (fields: RawHeaders): RawHeaders =>
    without(without(fields, "etag"), "last-modified");
  const time = lastModified === undefined ? [] : ["last-modified", formatDate(lastModified)];
  const own = {
    guides: etag === undefined ? [...others(guides), ...time] : [...others(guides), "etag", etag],
    metadata: [...others(metadata), ...(etag === undefined ? [] : time)],
  };
  return { validators, ...own, fields: [...own.guides, ...own.metadata, ...UNIT] };
}

/** RFC 9110 §8.8.3.3: representations in different codings have different entity tags. */
function codedTag(etag: string | undefined, coding: string, weak: boolean): string | undefined {
  const tag = coding === "identity" ? etag : etag?.replace(/"$/, `-${coding}"`);
  // The same file compressed elsewhere may come out with other bytes.
  return weak ? tag?.replace(/^(?:W\/)?/, "W/") : tag;
}
