/**
 * Phase 2: describes a representation: its media type, validators, caching and coding as headers.
 *
 * @module
 */
import { formatDate } from "../http/date.ts";
import { attachment } from "../http/disposition.ts";
import type { Validators } from "../http/preconditions.ts";
import { memoizeHeaders } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";
import { isCompressible } from "./coding.ts";
import { NOSNIFF, without } from "./finish.ts";
import { withCharset } from "./media_type.ts";
import type {
  CachePolicy,
  Description,
  Fallback,
  Representation,
  StaticSettings,
} from "./types.ts";

/** Files have byte ranges (RFC 9110 §14.3). */
export const ACCEPT_RANGES: RawHeaders = ["accept-ranges", "bytes"];

/** Media types that browsers display as a page of the site, with scripts. */
const ACTIVE =
  /^(?:text\/(?:html|xml)|application\/(?:xml|xhtml\+xml|pdf)|image\/svg\+xml|[^;]*\+xml)/;

/** Describes a representation. A description serves all requests of the same second. */
export function describe(
  request: Request,
  representation: Representation,
  settings: StaticSettings,
  fallback: Fallback | undefined,
): Description {
  const { entry, coding, path, name, choose } = representation;
  const now = Date.now();
  const second = Math.floor(now / 1000);
  const known = fallback ? undefined : settings.descriptions?.get(entry);
  if (known?.second === second && known.path === path && known.coding === coding) return known;

  const type = withCharset(entry.type ?? settings.mediaTypeOf(name) ?? settings.fallbackMimetype);
  const policy = policyOf(representation, type, settings, fallback);
  const mayCompress = settings.compress && (coding ?? "identity") === "identity" &&
    isCompressible(entry, type, policy.cacheControl);
  // A range is one of the file as it is stored.
  const compressed = mayCompress && !request.headers.has("range") && choose(["gzip"]) === "gzip";
  const sentCoding = compressed ? "gzip" : coding ?? "identity";
  const validators = {
    etag: policy.validators ? codedTag(entry.etag, sentCoding, compressed) : undefined,
    // RFC 9110 §8.8.2.1: a time in the future is replaced by now.
    lastModified: !policy.validators || entry.lastModified === undefined
      ? undefined
      : Math.min(entry.lastModified, now),
  };
  const varyCoding = settings.vary ?? (mayCompress ? "accept-encoding" : undefined);
  const vary = [varyCoding, fallback?.vary].filter(Boolean).join(", ");

  const caching = ["cache-control", policy.cacheControl];
  if (policy.expires !== undefined) caching.push("expires", policy.expires);
  if (vary !== "") caching.push("vary", vary);
  const metadata = ["content-type", type, ...NOSNIFF];
  if (sentCoding !== "identity") metadata.push("content-encoding", sentCoding);
  const saved = settings.download(path) ??
    (settings.untrusted && ACTIVE.test(type) ? name : undefined);
  if (saved !== undefined) metadata.push("content-disposition", attachment(saved));
  if (settings.untrusted) {
    metadata.push("content-security-policy", "sandbox; default-src 'none'");
  }
  const { cacheControl, validators: preconditions } = policy;
  const own = { path, coding, second, type, compressed, cacheControl, preconditions };
  const description = { ...own, ...validatedFields(caching, metadata, validators) };
  memoizeHeaders(description.fields);
  memoizeHeaders(description.caching);
  if (!fallback) settings.descriptions?.set(entry, description);
  return description;
}

/** The description with the validators that a hook set. */
export function withHookValidators(description: Description, validators: Validators): Description {
  const { caching, metadata } = description;
  const others = [caching, metadata].map((fields) =>
    without(without(fields, "etag"), "last-modified")
  ) as [RawHeaders, RawHeaders];
  return { ...description, ...validatedFields(...others, validators), preconditions: true };
}

function validatedFields(
  caching: RawHeaders,
  metadata: RawHeaders,
  validators: Validators,
): Pick<Description, "caching" | "metadata" | "fields" | "validators"> {
  const { etag, lastModified } = validators;
  const time = lastModified === undefined ? [] : ["last-modified", formatDate(lastModified)];
  // A 304 has the time only if there is no tag (RFC 9110 §15.4.5).
  const own = etag === undefined
    ? { caching: [...caching, ...time], metadata }
    : { caching: [...caching, "etag", etag], metadata: [...metadata, ...time] };
  return { ...own, validators, fields: [...own.caching, ...own.metadata, ...ACCEPT_RANGES] };
}

/** A fallback is never fresh. A 404 has no validators. */
function policyOf(
  { candidate, path }: Representation,
  type: string,
  settings: StaticSettings,
  fallback: Fallback | undefined,
): CachePolicy {
  if (fallback?.status === 404) return { cacheControl: fallback.cacheControl, validators: false };
  const policy = settings.cache(candidate, path, type);
  return fallback && policy.validators
    ? { cacheControl: fallback.cacheControl, validators: true }
    : policy;
}

/** RFC 9110 §8.8.3.3: representations in different codings have different entity tags. */
function codedTag(etag: string | undefined, coding: string, weak: boolean): string | undefined {
  const tag = coding === "identity" ? etag : etag?.replace(/"$/, `-${coding}"`);
  // Another machine may compress the same file to other bytes.
  return weak ? tag?.replace(/^(?:W\/)?/, "W/") : tag;
}
