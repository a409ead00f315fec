/**
 * From a request that is below an export to its answer.
 *
 * @module
 */
import { codingChooser } from "../http/negotiation.ts";
import { canonicalPath, readablePath } from "../http/path.ts";
import { safeSegments } from "../http/safe_path.ts";
import type { Place } from "../mount.ts";
import { answerFile, type Fallback } from "./respond.ts";
import type { Representation } from "./describe.ts";
import type { Candidate } from "./exports.ts";
import { type Answer, NOSNIFF, type Plan, textPlan } from "./finish.ts";
import { listingPlan } from "./listing.ts";
import { locate, type LocatedFile } from "./find.ts";
import { findMiss } from "./fallback.ts";
import type { Settings } from "./static_options.ts";
import { andThen, type Soon } from "./soon.ts";
import { type Listed, MOST_LISTED, type Source } from "./source.ts";
import { selectVariant } from "./precompressed.ts";

/**
 * Answers with what is found for a path, or with what stands in for it.
 *
 * @param at The first candidate to look at.
 * @returns `undefined` when the request is to be passed on.
 */
export function respond(
  request: Request,
  place: Place,
  candidates: readonly Candidate[],
  settings: Settings,
  at = 0,
): Soon<Answer | undefined> {
  const candidate = candidates[at];
  if (!candidate) return missed(request, place, candidates, settings);
  const { source, path } = candidate;
  const { guard, finding, listing } = settings;
  return andThen(
    locate(source, path, guard, finding),
    (located): Soon<Answer | undefined> => {
      if (located?.kind === "file") {
        return isRead(request)
          ? answerLocated(request, place, candidate, located, settings)
          : about(place, candidate, refuse(request), located);
      }
      if (located?.kind === "denied") {
        return about(place, candidate, textPlan(403, "Forbidden"));
      }
      if (isRead(request) && located?.kind === "redirect") {
        return about(place, candidate, redirect(place, located.respell));
      }
      if (!isRead(request) || located?.kind !== "directory" || !listing || !source.list) {
        return respond(request, place, candidates, settings, at + 1);
      }
      const { segments, slash } = located;
      const plan = slash
        ? list(request, place, source.list(segments), segments, settings)
        // The links of a listing are relative to the directory, so the slash has to be there.
        : redirect(place, (last) => `./${last}/`);
      return andThen(plan, (plan) => about(place, candidate, plan));
    },
  );
}

function missed(
  request: Request,
  place: Place,
  candidates: readonly Candidate[],
  settings: Settings,
): Soon<Answer | undefined> {
  if (!isRead(request) || !(settings.spa || settings.notFoundPage)) return undefined;
  return findMiss(request, candidates, settings).then((miss) =>
    miss && answerLocated(request, place, miss.candidate, miss.file, settings, miss.fallback)
  );
}

async function list(
  request: Request,
  place: Place,
  listed: ReturnType<NonNullable<Source["list"]>>,
  segments: readonly string[],
  { guard, finding, listings }: Settings,
): Promise<Plan> {
  const all = await listed;
  const entries = (): readonly Listed[] =>
    all.slice(0, MOST_LISTED).filter(({ name, directory, realPath }) =>
      name.isWellFormed() && safeSegments(`/${encodeURIComponent(name)}`, finding.colons) &&
      guard([...segments, name]) === "allow" &&
      (!realPath || guard(realPath, directory ? "folder" : "file") === "allow")
    );
  const listing = {
    path: readablePath(place.base + place.canonical),
    entries,
    query: new URLSearchParams(place.target.query),
    depth: segments.length,
    more: all.length > MOST_LISTED,
  };
  return await listingPlan(request, listing, all, listings);
}

function answerLocated(
  request: Request,
  place: Place,
  { source, path }: Candidate,
  file: LocatedFile,
  { answering, codings, dictionaries, guard }: Settings,
  fallback?: Fallback,
): Soon<Answer> {
  const choose = codingChooser(request.headers.get("accept-encoding"));
  const stored = dictionaries ? [...dictionaries.stored(request.headers), ...codings] : codings;
  return andThen(selectVariant(file, source, guard, choose, stored), ({ entry, coding }) => {
    const { name } = file.entry;
    const representation: Representation = {
      entry,
      coding,
      name,
      path: file.segments.join("/") || name,
      base: () => baseOf(place, path),
      choose,
    };
    return answerFile(request, representation, answering, fallback);
  });
}

/** RFC 9110 §15.5.6 and §9.3.7: a method that files do not have, or a question for those they have. */
function refuse({ method }: Request): Plan {
  const allow = ["allow", "GET, HEAD, OPTIONS"];
  return method === "OPTIONS"
    ? { status: 204, fields: [...allow, ...NOSNIFF] }
    : textPlan(405, "Method Not Allowed", allow);
}

/** An answer about a path below an export, or about a file there that is not sent. */
export function about(
  place: Place,
  { path }: Candidate,
  plan: Plan,
  file?: LocatedFile,
): Answer {
  const base = (): string => baseOf(place, path);
  if (!file) return { plan, path: below(path), base };
  return { plan, path: file.segments.join("/") || file.entry.name, base, entry: file.entry };
}

/** The canonical path of an export as the client sees it. */
function baseOf({ base, canonical }: Place, path: string): string {
  return (canonicalPath(base) ?? "") + canonical.slice(0, canonical.length - path.length);
}

/** The path below an export, for logs. */
function below(path: string): string {
  return readablePath(path.slice(1));
}

/** Files are read; there is no other method that they have. */
export function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** A redirect relative to the last name of the path, so that it stays below the mount and at home. */
function redirect(place: Place, respell: (last: string) => string): Plan {
  const full = (place.base + place.canonical).replace(/\/$/, "");
  const location = respell(full.slice(full.lastIndexOf("/") + 1)) + place.target.query;
  // Some hosts hand over what a client has not escaped, and fields hold no such characters.
  const escaped = location.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
  return { status: 308, fields: ["location", escaped, ...NOSNIFF], cacheControl: "no-cache" };
}
