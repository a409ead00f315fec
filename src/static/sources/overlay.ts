/**
 * Several sources as one.
 *
 * @module
 */
import { fail } from "../../config.ts";
import { type Found, isEntry, isSource, type Listed, type Source } from "../source.ts";

/**
 * Several sources as one. The first source that has a file wins, and directories are merged.
 *
 * @param sources The sources, in order of precedence.
 * @returns A source.
 * @throws {TypeError} When an argument is not a source.
 *
 * @example
 * ```ts
 * import { directory, memory, notFound, overlay, serveStatic } from "@handwerk/handwerk";
 *
 * const theme = overlay(memory({ "mod.ts": "// mine" }), directory("./src"));
 * const app = serveStatic({ "/theme": theme })(notFound);
 * const response = await app(new Request("http://localhost/theme/mod.ts"));
 * console.log(await response.text()); // // mine
 * ```
 */
export function overlay(...sources: readonly Source[]): Source {
  sources.forEach((source, i) => {
    if (!isSource(source)) fail(`overlay: argument ${i}`, source, "a source, such as directory(…)");
  });
  return {
    async find(segments) {
      let folder: Found;
      for (const source of sources) {
        const found = await source.find(segments);
        if (isEntry(found)) return found;
        folder ??= found;
      }
      return folder;
    },
    async list(segments) {
      const names = new Map<string, Listed>();
      for (const source of sources) {
        const found = await source.find(segments);
        if (isEntry(found)) await found.close?.();
        if (!found || isEntry(found)) continue;
        for (const listed of await source.list?.(segments) ?? []) {
          if (!names.has(listed.name)) names.set(listed.name, listed);
        }
      }
      return [...names.values()];
    },
  };
}
