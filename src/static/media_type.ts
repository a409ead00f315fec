/**
 * The media type of a file, by its name.
 *
 * @module
 */
import { Mime } from "mime/lite";
import other from "mime/types/other.js";
import standard from "mime/types/standard.js";
import { type Check, shown, tableOf, text } from "../config.ts";
import type { MediaTypeOf } from "./types.ts";

/** Types that the table of `mime` lacks. Unregistered binary formats are `octet-stream`. */
const ADDED = {
  "application/cbor": ["cbor"],
  "application/geopackage+sqlite3": ["gpkg"],
  "application/gzip": ["tgz", "tgs"],
  "application/octet-stream": [
    ..."ani appimage avro basis br ckpt dat data db dcb dcz drc dylib fla flatpak".split(" "),
    ..."gguf jks node npy npz onnx orc pak pbf pck pickle pkl ply pt pth pyc qcow2 raw".split(" "),
    ..."rda rds riv safetensors snap splat spz tflite usd usdc vhdx".split(" "),
  ],
  "application/vnd.amazon.mobi8-ebook": ["azw3"],
  "application/vnd.apache.arrow.file": ["arrow", "feather"],
  "application/vnd.apache.arrow.stream": ["arrows"],
  "application/vnd.apache.parquet": ["parquet"],
  "application/vnd.las": ["las"],
  "application/vnd.laszip": ["laz"],
  "application/vnd.maxmind.maxmind-db": ["mmdb"],
  "application/vnd.ms-access": ["accdb"],
  "application/vnd.pmtiles": ["pmtiles"],
  "application/vnd.shp": ["shp"],
  "application/vnd.shx": ["shx"],
  "application/vnd.sqlite3": ["sqlite", "sqlite3", "db3", "mbtiles"],
  "application/warc": ["warc"],
  "application/x-bzip2": ["tbz", "tbz2"],
  "application/x-compress": ["z"],
  "application/x-hdf5": ["h5", "hdf5"],
  "application/x-indesign": ["indd"],
  "application/x-lz4": ["lz4"],
  "application/x-lzip": ["lz"],
  "application/x-lzma": ["lzma"],
  "application/x-pcapng": ["pcapng"],
  "application/x-tar": ["gem"],
  "application/x-xz": ["txz"],
  "application/zip": ["egg", "ipa", "nupkg", "sketch", "vsix", "whl", "xapk", "xd", "zipx"],
  "application/zstd": ["zst", "tzst"],
  "audio/ac3": ["ac3"],
  "audio/eac3": ["eac3", "ec3"],
  "audio/mp4": ["cmfa"],
  "audio/x-ape": ["ape"],
  "audio/x-wavpack": ["wv"],
  "image/avif": ["avifs"],
  "image/fits": ["fit", "fts"],
  "image/icns": ["icns"],
  "image/vnd.microsoft.icon": ["cur"],
  "image/vnd.radiance": ["hdr"],
  "image/x-canon-cr2": ["cr2"],
  "image/x-canon-cr3": ["cr3"],
  "image/x-nikon-nef": ["nef"],
  "image/x-olympus-orf": ["orf"],
  "image/x-panasonic-rw2": ["rw2"],
  "image/x-sony-arw": ["arw"],
  "image/x-xcf": ["xcf"],
  "video/mp4": ["cmfv"],
};

/** Types that `mime` has for the decompressed content, and one that is older than RFC 9639. */
const CORRECTED = { "application/gzip": ["svgz", "x3dz"], "audio/flac": ["flac"] };

let types: Mime | undefined;

/** The media type for the extension of a name. */
const mediaTypeOf: MediaTypeOf = (name) => {
  // Later definitions win, so a newer `mime` replaces the types that are added here.
  types ??= new Mime(ADDED).define(other, true).define(standard, true).define(CORRECTED, true);
  // Without the slash, `mime` takes a file named `html` for an extension.
  return types.getType(`/${name}`) ?? undefined;
};

/** Checks the value of a `Content-Type`. */
export const mediaType: Check = text('a media type such as "text/plain"', /^[!-~]+\/[ -~]+$/);

/** Checks the option `mimeTypes`. */
export const typesByExtension: Check = (value, where) => {
  tableOf(mediaType, 'ts: "text/plain"')(value, where);
  for (const key of Object.keys(value as object)) {
    if (EXTENSION.test(key)) continue;
    throw new TypeError(
      `${where} has ${shown(key)}; give one extension, such as "gz" for files whose name ends in ` +
        '".tar.gz"',
    );
  }
};
const EXTENSION = /^\.?[^./\\]+$/;

/** Compiles the option `mimeTypes`. */
export function mediaTypesWith(own: Readonly<Record<string, string>>): MediaTypeOf {
  const added = new Map(
    Object.entries(own).map(([key, type]) => [key.replace(/^\./, "").toLowerCase(), type]),
  );
  if (added.size === 0) return mediaTypeOf;
  return (name) => {
    const dot = name.lastIndexOf(".");
    const type = dot < 0 ? undefined : added.get(name.slice(dot + 1).toLowerCase());
    return type ?? mediaTypeOf(name);
  };
}

/** Adds `charset=utf-8` to a text type without a charset. Other types define their own encoding. */
export function withCharset(type: string): string {
  return type.startsWith("text/") && !/;\s*charset=/i.test(type) ? `${type}; charset=utf-8` : type;
}
