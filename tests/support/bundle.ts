/** Bundles for Cloudflare Workers, as its own tools make them. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { edge } from "./edge.ts";

export interface Bundle {
  readonly text: string;
  /** Bytes, minified and compressed with gzip. */
  readonly gzip: number;
  /** The modules that are imported and not in the bundle. */
  readonly externals: readonly string[];
}

/** Bundles an entry point, given as a path or as source text. Node's modules are not resolved. */
export async function bundle(
  entry: { readonly path: string } | { readonly text: string },
  external: readonly string[] = [],
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...("path" in entry
      ? { entryPoints: [entry.path] }
      : { stdin: { contents: entry.text, resolveDir: process.cwd(), loader: "ts" } }),
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    loader: { ".html": "text", ".txt": "text" },
    external: ["node:*", ...external],
    plugins: [edge],
    logLevel: "silent",
  });
  const text = outputFiles[0]?.text ?? "";
  const externals = Object.values(metafile.outputs)
    .flatMap((output) => output.imports.filter((i) => i.external).map((i) => i.path));
  return { text, gzip: gzipSync(text, { level: 9 }).length, externals: [...new Set(externals)] };
}
