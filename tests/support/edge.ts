/**
 * Bundles of `src` for Workers: `x.edge.ts` replaces `x.ts`, as the field `browser` of
 * `package.json` says of `dist`.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "esbuild";

export const edge: Plugin = {
  name: "edge",
  setup(build) {
    build.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const replacement = resolve(resolveDir, path.replace(/\.ts$/, ".edge.ts"));
      return existsSync(replacement) ? { path: replacement } : undefined;
    });
  },
};
