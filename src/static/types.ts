/**
 * What the phases of `serveStatic` hand to one another.
 *
 * @module
 */
import type { RawHeaders } from "../http/fields.ts";
import type { Validators } from "../http/preconditions.ts";
import type { ChooseCoding } from "../http/negotiation.ts";
import type { MountState } from "../mount.ts";
import type { Content, Entry, Listed, Source } from "./source.ts";
import type { MemoryCacheOptions } from "./sources/file_cache.ts";

/** What a `headers` function knows about a response that is being made. */
export interface Serving {
  /** The request. */
  readonly request: Request;
  /** The status of the response. */
  readonly status: number;
  /** The canonical path of the export in the URL; never ends in a slash. */
  readonly base: string;
  /** The SHA-256 of the representation, content coding included, if known. */
  readonly sha256: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Sees and changes the headers of a response. `path` is the decoded path of the file below its
 * export, or the requested path where there is no file. If the validators that the function sets lead
 * to another status, it is called again for that response.
 */
export type HeadersHook = (path: string, headers: Headers, serving: Serving) => void;

/** A response that was made, for logs and metrics. */
export interface Served {
  /** The request. */
  readonly request: Request;
  /** The status of the response. */
  readonly status: number;
  /** The decoded path below the export. */
  readonly path: string;
  /** The number of body bytes; `undefined` for a body that is compressed while it is sent. */
  readonly bytes: number | undefined;
  /** The content coding, or `"identity"`. */
  readonly coding: string;
  /** The range that is sent, in the form of `Content-Range`; `"multipart"` for several ranges. */
  readonly range: string | undefined;
  /** Whether the body came from memory. */
  readonly inMemory: boolean;
}

/** A content coding in which files are stored. */
export type Coding = "br" | "zstd" | "gzip";

/** A content coding, and how a file that is stored in it is named. */
export interface Stored {
  /** The name in `Content-Encoding`. */
  readonly coding: string;
  /** What follows the name of the file, with the dot. */
  readonly extension: string;
}

/** Compression dictionaries, made by `dictionaries`. */
export interface Dictionaries {
  /** Sets `Use-As-Dictionary`. */
  readonly announce: HeadersHook;
  /** The variants that a client can decode with the dictionary it has. */
  readonly stored: (headers: Headers) => readonly Stored[];
  /** The value of `Vary`. */
  readonly vary: string;
}

/** Whether a path is looked up, passed on as if it were missing, or answered with 403. */
export type Verdict = "allow" | "ignore" | "deny";

/**
 * Where a path comes from: the request; a variant of an allowed file; the real path of a file or
 * directory behind a symbolic link; an option.
 */
export type PathOrigin = "request" | "variant" | "file" | "directory" | "option";

/** Decides about the decoded names of a path below an export. */
export type Access = (names: readonly string[], origin?: PathOrigin) => Verdict;

/** The media type of a file name, or `undefined` when its extension is unknown. */
export type MediaTypeOf = (name: string) => string | undefined;

/** How a file is cached. */
export interface CachePolicy {
  readonly cacheControl: string;
  readonly expires?: string;
  /** Whether the response has validators, and may be 304. */
  readonly validators: boolean;
}

/** The cache policy of a path below an export. */
export type CacheRule = (candidate: Candidate, path: string, type: string) => CachePolicy;

/** The page of a single-page app. */
export interface SpaPage {
  /** The names of the file below the export. */
  readonly names: readonly string[];
  /** Whether the page may answer for a canonical path below the export. */
  readonly answersFor: (path: string) => boolean;
}

/** An export that a request is below. */
export interface Candidate {
  readonly source: Source;
  readonly mount: MountState;
  /** The canonical path of the request below the export; `""` for the export itself. */
  readonly path: string;
}

/** A file, and its names below the export. */
export interface FoundPath {
  readonly kind: "file";
  readonly entry: Entry;
  readonly segments: readonly string[];
}

/** How a file answers for a path that is missing. It is never fresh, and has no ranges. */
export interface Fallback {
  readonly status: 200 | 404;
  readonly cacheControl: string;
  /** The request headers that selected the fallback, for `Vary`. */
  readonly vary?: string;
}

/** What a response is about. */
export interface Subject {
  readonly candidate?: Candidate;
  /** The decoded path below the export. */
  readonly path: string;
  readonly entry?: Entry;
}

/** A file in the content coding that was selected. */
export interface Representation extends Subject {
  readonly candidate: Candidate;
  readonly entry: Entry;
  /** The name of the file, without the extension of its coding. */
  readonly name: string;
  /** The content coding; `undefined` when the client accepts no available one. */
  readonly coding: string | undefined;
  /** Selects a coding by the `Accept-Encoding` of the request. */
  readonly choose: ChooseCoding;
}

/** The headers of a representation, for one second of the clock. */
export interface Description {
  /** The file, coding and second that are described, to reuse the description. */
  readonly path: string;
  readonly coding: string | undefined;
  readonly second: number;
  readonly type: string;
  /** Whether the body is compressed while it is sent. */
  readonly compressed: boolean;
  readonly cacheControl: string;
  readonly validators: Validators;
  /** Whether preconditions are evaluated. */
  readonly preconditions: boolean;
  /** The caching headers, which a 304 has, too (RFC 9110 §15.4.5). */
  readonly caching: RawHeaders;
  /** The other headers of the representation. */
  readonly metadata: RawHeaders;
  /** All headers of a 200. */
  readonly fields: RawHeaders;
}

/** A response before its `headers` functions have run and its body is open. */
export interface Plan {
  readonly status: number;
  readonly fields: RawHeaders;
  /** The length of the body in bytes, if known. */
  readonly length?: number | undefined;
  /** A body that is at hand. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Opens the body. A plan without `open` and `body` has no body. */
  readonly open?: () => Content | Promise<Content>;
  /** A policy that no hook can change: errors, redirects and fallbacks are not cached like files. */
  readonly cacheControl?: string;
  /** What preconditions were compared with, if they apply. */
  readonly validators?: Validators | undefined;
  /** The SHA-256 of the representation, if known. */
  readonly sha256?: Uint8Array<ArrayBuffer> | undefined;
}

/** A listing that was made. */
export interface MadeListing {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly etag: string | undefined;
}

/** The options of `serveStatic` with their defaults, compiled for the phases. */
export interface StaticSettings {
  readonly symlinks: "inside" | "follow" | "deny";
  readonly memoryCache: MemoryCacheOptions | false;
  readonly access: Access;
  readonly colons: boolean;
  readonly index: readonly string[];
  readonly extensions: readonly string[];
  readonly hideExtensions: boolean;
  readonly hideIndex: boolean;
  readonly trailingSlash: "add" | "remove" | "ignore";
  readonly listing: boolean;
  /** The listings made of a list, which a source may return again. */
  readonly listings: WeakMap<readonly Listed[], Map<string, Promise<MadeListing>>>;
  readonly methodNotAllowed: boolean;
  readonly spa: SpaPage | undefined;
  readonly notFoundPage?: string | undefined;
  readonly precompressed: readonly Stored[];
  readonly dictionaries?: Dictionaries | undefined;
  readonly compress: boolean;
  /** The request headers that select the coding, for `Vary`. */
  readonly vary: string | undefined;
  readonly cache: CacheRule;
  readonly mediaTypeOf: MediaTypeOf;
  readonly fallbackMimetype: string;
  /** The name under which a file is saved, or `undefined` when it is displayed. */
  readonly download: (path: string) => string | undefined;
  readonly untrusted: boolean;
  /** Descriptions of entries; `undefined` when an option is a function that is called each time. */
  readonly descriptions: WeakMap<Entry, Description> | undefined;
  readonly headers: readonly HeadersHook[];
  readonly onServe: ((served: Served) => void) | undefined;
}
