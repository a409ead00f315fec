/**
 * From a request that is below an export to its answer.
 *
 * @module
 */
import { codingChooser } from "../http/negotiation.ts";
import { canonicalPath, readablePath } from "../http/path.ts";
import { safeSegments } from "../http/safe_path.ts";
import type { MountState } from "../mount.ts";
import { type Fallback, respondWithFile } from "./respond.ts";
import type { Representation } from "./describe.ts";
import type { ExportCandidate } from "./exports.ts";
import { type FinishContext, NOSNIFF, type Plan, textPlan } from "./finish.ts";
import { listingPlan } from "./listing.ts";
import { findFile, type LocatedFile } from "./find.ts";
import { findFallback } from "./fallback.ts";
import type { StaticSettings } from "./static_options.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import { type Listed, MOST_LISTED, type Source } from "./source.ts";
import { selectVariant } from "./precompressed.ts";

/**
 * Answers with what is found for a path, or with what stands in for it.
 *
 * @param at The first candidate to look at.
 * @returns `undefined` when the request is to be passed on.
 */
export function serveFrom(
  request: Request,
  mount: MountState,
  candidates: readonly ExportCandidate[],
  settings: StaticSettings,
  at = 0,
): MaybePromise<FinishContext | undefined> {
  const candidate = candidates[at];
  if (!candidate) return missed(request, mount, candidates, settings);
  const { source, path } = candidate;
  const { access: guard, finding, listing } = settings;
  return andThen(
    findFile(source, path, guard, finding),
    (located): MaybePromise<FinishContext | undefined> => {
      if (located?.kind === "file") {
        return isRead(request)
          ? answerLocated(request, mount, candidate, located, settings)
          : about(mount, candidate, refuse(request), located);
      }
      if (located?.kind === "denied") {
        return about(mount, candidate, textPlan(403, "Forbidden"));
      }
      if (isRead(request) && located?.kind === "redirect") {
        return about(mount, candidate, redirect(mount, located.respell));
      }
      if (!isRead(request) || located?.kind !== "directory" || !listing || !source.list) {
        return serveFrom(request, mount, candidates, settings, at + 1);
      }
      const { segments, slash } = located;
      const plan = slash
        ? list(request, mount, source.list(segments), segments, settings)
        // The links of a listing are relative to the directory, so the slash has to be there.
        : redirect(mount, (last) => `./${last}/`);
      return andThen(plan, (plan) => about(mount, candidate, plan));
    },
  );
}

function missed(
  request: Request,
  mount: MountState,
  candidates: readonly ExportCandidate[],
  settings: StaticSettings,
): MaybePromise<FinishContext | undefined> {
  if (!isRead(request) || !(settings.spa || settings.notFoundPage)) return undefined;
  return findFallback(request, candidates, settings).then((miss) =>
    miss && answerLocated(request, mount, miss.candidate, miss.file, settings, miss.fallback)
  );
}

async function list(
  request: Request,
  mount: MountState,
  listed: ReturnType<NonNullable<Source["list"]>>,
  segments: readonly string[],
  { access: guard, finding, listings }: StaticSettings,
): Promise<Plan> {
  const all = await listed;
  const entries = (): readonly Listed[] =>
    all.slice(0, MOST_LISTED).filter(({ name, directory, realPath }) =>
      name.isWellFormed() && safeSegments(`/${encodeURIComponent(name)}`, finding.colons) &&
      guard([...segments, name]) === "allow" &&
      (!realPath || guard(realPath, directory ? "folder" : "file") === "allow")
    );
  const listing = {
    path: readablePath(mount.base + mount.canonical),
    entries,
    query: new URLSearchParams(mount.target.query),
    depth: segments.length,
    more: all.length > MOST_LISTED,
  };
  return await listingPlan(request, listing, all, listings);
}

function answerLocated(
  request: Request,
  mount: MountState,
  { source, path }: ExportCandidate,
  file: LocatedFile,
  { answering, codings, dictionaries, access: guard }: StaticSettings,
  fallback?: Fallback,
): MaybePromise<FinishContext> {
  const choose = codingChooser(request.headers.get("accept-encoding"));
  const stored = dictionaries ? [...dictionaries.stored(request.headers), ...codings] : codings;
  return andThen(selectVariant(file, source, guard, choose, stored), ({ entry, coding }) => {
    const { name } = file.entry;
    const representation: Representation = {
      entry,
      coding,
      name,
      path: file.segments.join("/") || name,
      base: () => baseOf(mount, path),
      choose,
    };
    return respondWithFile(request, representation, answering, fallback);
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
  mount: MountState,
  { path }: ExportCandidate,
  plan: Plan,
  file?: LocatedFile,
): FinishContext {
  const base = (): string => baseOf(mount, path);
  if (!file) return { plan, path: below(path), base };
  return { plan, path: file.segments.join("/") || file.entry.name, base, entry: file.entry };
}

/** The canonical path of an export as the client sees it. */
function baseOf({ base, canonical }: MountState, path: string): string {
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
function redirect(mount: MountState, respell: (last: string) => string): Plan {
  const full = (mount.base + mount.canonical).replace(/\/$/, "");
  const location = respell(full.slice(full.lastIndexOf("/") + 1)) + mount.target.query;
  // Some hosts hand over what a client has not escaped, and fields hold no such characters.
  const escaped = location.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
  return { status: 308, fields: ["location", escaped, ...NOSNIFF], cacheControl: "no-cache" };
}
