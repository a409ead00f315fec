/**
 * The response for a file that was found.
 *
 * @module
 */
import { formatDate } from "../http/date.ts";
import { evaluatePreconditions } from "../http/preconditions.ts";
import { typeOf, withCharset } from "./media_type.ts";
import type { Entry } from "./source.ts";

/** How files are answered; the options of `serveStatic` with their defaults. */
export interface Policy {
  readonly cache: boolean;
  readonly cacheTimeout: number;
  readonly fallbackMimetype: string;
}

/** Answers a GET or HEAD request with an entry, and opens or closes that entry. */
export async function answerEntry(
  request: Request,
  entry: Entry,
  policy: Policy,
): Promise<Response> {
  const lastModified = validTime(entry.lastModified);
  const etag = policy.cache ? entry.etag : undefined;
  const headers = cacheFields(policy, etag);

  const outcome = policy.cache
    ? evaluatePreconditions(request.method, request.headers, { etag, lastModified })
    : "proceed";
  if (outcome === "failed") {
    await entry.close();
    return new Response(null, { status: 412 });
  }
  if (outcome === "not modified") {
    await entry.close();
    // RFC 9110 §15.4.5: what guides caches, and no other metadata.
    return new Response(null, { status: 304, headers });
  }

  if (lastModified !== undefined) headers["last-modified"] = formatDate(lastModified);
  headers["content-type"] = withCharset(
    entry.type ?? typeOf(entry.name) ?? policy.fallbackMimetype,
  );
  headers["content-length"] = String(entry.size);
  headers["x-content-type-options"] = "nosniff";
  if (request.method === "HEAD") {
    await entry.close();
    return new Response(null, { headers });
  }
  return new Response(await entry.open(), { headers });
}

function cacheFields(policy: Policy, etag: string | undefined): Record<string, string> {
  if (!policy.cache) return { "cache-control": "public" };
  return {
    "cache-control": `public, max-age=${policy.cacheTimeout}`,
    expires: formatDate(Date.now() + policy.cacheTimeout * 1000),
    ...(etag === undefined ? {} : { etag }),
  };
}

/** RFC 9110 §8.8.2.1: a time in the future is replaced by now. */
function validTime(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.min(time, Date.now());
}
