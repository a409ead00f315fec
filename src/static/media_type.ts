/**
 * The media type of a file, by its name.
 *
 * @module
 */
import { Mime } from "mime/lite";
import standard from "mime/types/standard.js";

/** What sites serve and the registered types of `mime/lite` lack. */
const COMMON = {
  "image/x-icon": ["ico"],
  "audio/flac": ["flac"],
  "application/x-tar": ["tar"],
  "application/x-7z-compressed": ["7z"],
  "application/vnd.ms-fontobject": ["eot"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["pptx"],
};

let types: Mime | undefined;

/** The type that goes with the extension of `name`, or `undefined` when it is not known. */
export function typeOf(name: string): string | undefined {
  types ??= new Mime(standard, COMMON);
  // With the slash, a file called `html` is not taken for an extension.
  return types.getType(`/${name}`) ?? undefined;
}

/** Adds `charset=utf-8` to a text type that has none. JSON and the others define their own. */
export function withCharset(type: string): string {
  return type.startsWith("text/") && !/;\s*charset=/i.test(type) ? `${type}; charset=utf-8` : type;
}
