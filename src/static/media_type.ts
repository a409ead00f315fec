/**
 * The media type of a file, by its name.
 *
 * @module
 */
import { Mime } from "mime/lite";
import other from "mime/types/other.js";
import standard from "mime/types/standard.js";

/** What sites serve and the table of `mime` lacks. Unregistered binary formats are bytes. */
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

/** In place of types for what is in a file once it is decompressed, and of one from before RFC 9639. */
const CORRECTED = { "application/gzip": ["svgz", "x3dz"], "audio/flac": ["flac"] };

/** The media type of a name, or `undefined` when its extension is not known. */
export type TypeOf = (name: string) => string | undefined;

let types: Mime | undefined;

/** The type that goes with the extension of `name`. */
export const typeOf: TypeOf = (name) => {
  // In this order, an extension that a later `mime` knows has the type that it has there.
  types ??= new Mime(ADDED).define(other, true).define(standard, true).define(CORRECTED, true);
  // With the slash, a file called `html` is not taken for an extension.
  return types.getType(`/${name}`) ?? undefined;
};

/**
 * Reads the option `mimeTypes`: types by extension, which are asked first.
 *
 * @throws {TypeError} When it has a wrong value.
 */
export function typesWith(own: Readonly<Record<string, string>>): TypeOf {
  if (typeof own !== "object" || own === null || Array.isArray(own)) {
    throw new TypeError('serveStatic: mimeTypes must be an object such as { ts: "text/plain" }');
  }
  const added = new Map<string, string>();
  for (const [key, type] of Object.entries(own)) {
    const extension = key.replace(/^\./, "").toLowerCase();
    if (!/^[^./\\]+$/.test(extension)) {
      throw new TypeError(
        `serveStatic: mimeTypes has ${JSON.stringify(key)}; give one extension, such as "gz" for ` +
          'files whose name ends in ".tar.gz"',
      );
    }
    if (!isMediaType(type)) {
      throw new TypeError(
        `serveStatic: mimeTypes gives ${JSON.stringify(key)} the type ${JSON.stringify(type)}; ` +
          'give a media type such as "text/plain"',
      );
    }
    added.set(extension, type);
  }
  if (added.size === 0) return typeOf;
  return (name) => {
    const dot = name.lastIndexOf(".");
    const type = dot < 0 ? undefined : added.get(name.slice(dot + 1).toLowerCase());
    return type ?? typeOf(name);
  };
}

/** Whether a value can be sent as a `Content-Type`. */
export function isMediaType(value: unknown): value is string {
  return typeof value === "string" && /^[!-~]+\/[ -~]+$/.test(value);
}

/** Adds `charset=utf-8` to a text type that has none. JSON and the others define their own. */
export function withCharset(type: string): string {
  return type.startsWith("text/") && !/;\s*charset=/i.test(type) ? `${type}; charset=utf-8` : type;
}
