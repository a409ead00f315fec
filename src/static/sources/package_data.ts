/**
 * Data that installed packages bring along.
 *
 * @module
 */
import { runtimeFiles } from "../../runtime/files.ts";
import type { Source } from "../source.ts";
import { directory } from "./directory.ts";

/**
 * A folder of an installed package, as a source. The package is looked for in `node_modules`, from
 * the working directory upwards, on Node, Deno and Bun alike.
 *
 * @param name The name of the package.
 * @param folder The folder in it. Default: the whole package.
 * @returns A source.
 * @throws {TypeError} When the package or the folder is not there, or there is no file system.
 *
 * @example
 * ```ts
 * import { notFound, packageData, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/mime": packageData("mime", "dist/src") })(notFound);
 * console.log((await app(new Request("http://localhost/mime/index.js"))).status); // 200
 * ```
 */
export function packageData(name: string, folder = "."): Source {
  if (!/^(?:@[\w.-]+\/)?[\w-][\w.-]*$/.test(name)) {
    throw new TypeError(`packageData: ${JSON.stringify(name)} is no name of a package`);
  }
  let files;
  try {
    files = runtimeFiles();
  } catch {
    throw new TypeError("packageData: this runtime has no file system; pass a source instead");
  }
  let up = files.resolve(".").path;
  for (;;) {
    const candidate = `${up}/node_modules/${name}`;
    if (files.kind(candidate) === "directory") return directory(`${candidate}/${folder}`);
    const above = files.resolve(`${up}/..`).path;
    if (above === up) break;
    up = above;
  }
  throw new TypeError(`packageData: the package ${name} is not installed; run npm install ${name}`);
}
