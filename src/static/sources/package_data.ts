/**
 * Data that installed packages bring along.
 *
 * @module
 */
import { text } from "../../config.ts";
import { runtimeFiles } from "../../platform/files.ts";
import type { Source } from "../source.ts";
import { type DirectoryOptions, fileSystem } from "./directory.ts";

/**
 * A folder of an installed package, as a source; in the table of exports, `["name", "folder"]` is
 * short for it. The package is looked for in `node_modules`, from
 * the working directory upwards, on Node, Deno and Bun alike.
 *
 * @param name The name of the package.
 * @param folder The folder in it. Default: the whole package.
 * @returns A source.
 * @throws {TypeError} When the package or the folder is not there, or there is no file system.
 *
 * @example
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { packageData } from "@handwerk/handwerk/static";
 *
 * const app = serveStatic({ "/mime": packageData("mime", "dist/src") })(notFound);
 * console.log((await app(new Request("http://localhost/mime/index.js"))).status); // 200
 * ```
 */
export function packageData(name: string, folder = "."): Source {
  return packageFolder(name, folder, "packageData", {});
}

/** As {@linkcode packageData}, with errors in the name of `option`. */
export function packageFolder(
  name: string,
  folder: string,
  option: string,
  options: DirectoryOptions,
): Source {
  text("the name of a package", /^(?:@[\w.-]+\/)?[\w-][\w.-]*$/)(name, `${option}: the package`);
  text('a folder of the package, such as "assets"')(folder, `${option}: the folder`);
  let files;
  try {
    files = runtimeFiles();
  } catch {
    throw new TypeError(`${option}: this runtime has no file system; pass a source instead`);
  }
  let up = files.resolve(".");
  for (;;) {
    const candidate = `${up}/node_modules/${name}`;
    if (files.kind(candidate) === "directory") {
      return fileSystem(`${candidate}/${folder}`, option, options);
    }
    const above = files.resolve(`${up}/..`);
    if (above === up) break;
    up = above;
  }
  throw new TypeError(`${option}: the package ${name} is not installed; run npm install ${name}`);
}
