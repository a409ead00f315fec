/**
 * The last step of every response: the hooks see its fields, its content is opened, and it is told.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { parseDate } from "../http/date.ts";
import type { Validators } from "../http/preconditions.ts";
import { nativeRequest } from "../host/host_request.ts";
import { appendHeaders, makeResponse } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";
import { respondZeroCopy } from "../platform/zero_copy.ts";
import { type HeadersHook, type Served, servedBy } from "./hooks.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import type { Content, Entry } from "./source.ts";

/** A response before its hooks have run and anything is opened. */
export interface Plan {
  readonly status: number;
  readonly fields: RawHeaders;
  /** The length of the content, where there is some and it is known. */
  readonly length?: number | undefined;
  /** Content that is at hand. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Opens the content. Without this and `body` there is none. */
  readonly open?: () => MaybePromise<Content>;
  /** A policy that no hook changes: what went wrong, or is not there, is never cached as a file is. */
  readonly cacheControl?: string;
}

/** What is answered with, and what it is about. */
export interface FinishContext {
  readonly plan: Plan;
  /** The decoded path below the export. */
  readonly path: string;
  /** Tells the path of the export as the client sees it. */
  readonly base: () => string;
  /** The file whose content is sent, or that is closed when none of it is. */
  readonly entry?: Entry;
  /** The SHA-256 of the representation, where it is known. */
  readonly sha256?: Uint8Array<ArrayBuffer> | undefined;
  /** What preconditions were compared with. */
  readonly validators?: Validators;
  /** The plan for other validators, where there are preconditions. */
  readonly planFor?: ((validators: Validators) => Plan) | undefined;
}

/** Who is told of a response; the options of `serveStatic` with these names. */
export interface Finishing {
  readonly headers: readonly HeadersHook[];
  readonly onServe: ((served: Served) => void) | undefined;
}

/** A plan for a short text in our own name. */
export function textPlan(status: number, text: string, more: RawHeaders = []): Plan {
  const fields = ["content-type", "text/plain;charset=utf-8", ...NOSNIFF, ...more];
  return { status, fields, body: text, cacheControl: "no-store" };
}

/** No browser is to take a text for a script. */
export const NOSNIFF: RawHeaders = ["x-content-type-options", "nosniff"];

/** Makes the response. Opens or closes the entry. */
export function finish(
  request: Request,
  answer: FinishContext,
  { headers, onServe }: Finishing,
): MaybePromise<Response> {
  const { entry, path } = answer;
  let plan: Plan;
  try {
    plan = hooked(request, answer, headers);
  } catch (error) {
    return andThen(entry?.close?.(), () => Promise.reject(error as Error));
  }
  const made = make(request, entry, plan);
  if (!onServe) return made;
  return andThen(made, (response) => {
    onServe(servedBy(request, response, path, entry?.inMemory ?? false));
    return response;
  });
}

function make(request: Request, entry: Entry | undefined, plan: Plan): MaybePromise<Response> {
  const { open, body } = plan;
  if (open && request.method !== "HEAD") {
    const send = entry?.inMemory ? respondZeroCopy : makeResponse;
    return andThen(open(), (content) => send(request, content, plan));
  }
  const content = request.method === "HEAD" ? undefined : body;
  return andThen(entry?.close?.(), () => makeResponse(request, content ?? null, plan));
}

/** The plan with what the hooks make of its fields. */
function hooked(request: Request, answer: FinishContext, hooks: readonly HeadersHook[]): Plan {
  const { plan, validators, planFor } = answer;
  if (hooks.length === 0) return pinned(plan);
  const first = applied(request, answer, plan, hooks);
  if (!validators || !planFor) return first.plan;
  const own = validatorsOf(first.headers, plan.status, validators);
  if (own.etag === validators.etag && own.lastModified === validators.lastModified) {
    return first.plan;
  }
  // RFC 9110 §13.2.1: preconditions are about what would be sent.
  const other = planFor(own);
  return other.status === plan.status ? first.plan : applied(request, answer, other, hooks).plan;
}

function applied(
  request: Request,
  { path, base, sha256 }: FinishContext,
  plan: Plan,
  hooks: readonly HeadersHook[],
): { readonly plan: Plan; readonly headers: Headers } {
  const { status, length } = plan;
  const headers = appendHeaders(new Headers(), plan.fields);
  if (length !== undefined) headers.set("content-length", String(length));
  const serving = { request: nativeRequest(request), status, base: base(), sha256 };
  for (const hook of hooks) requireSync("serveStatic: headers", hook(path, headers, serving));
  // How long the content is, is no matter of opinion.
  headers.delete("content-length");
  return { plan: pinned({ ...plan, fields: [...headers].flat() }), headers };
}

function pinned(plan: Plan): Plan {
  const { cacheControl, fields } = plan;
  if (cacheControl === undefined) return plan;
  return { ...plan, fields: ["cache-control", cacheControl, ...without(fields, "cache-control")] };
}

/** The validators in the fields of a response; 304 and errors have no time where they have a tag. */
function validatorsOf(headers: Headers, status: number, planned: Validators): Validators {
  const etag = headers.get("etag") ?? undefined;
  const time = headers.get("last-modified");
  const lastModified = time === null
    ? status < 300 ? undefined : planned.lastModified
    : parseDate(time, Date.now());
  // Fields have no fractions of a second.
  const same = lastModified !== undefined && planned.lastModified !== undefined &&
    lastModified === Math.floor(planned.lastModified / 1000) * 1000;
  return { etag, lastModified: same ? planned.lastModified : lastModified };
}

/** Fields without those of a name. */
export function without(fields: RawHeaders, name: string): RawHeaders {
  return fields.filter((_, at) => fields[at - at % 2] !== name);
}
