/**
 * Files on Node, Deno and Bun, through the built-in modules that all three have. They are asked for
 * when a directory is exported, so that bundlers for Cloudflare Workers never see them.
 *
 * @module
 */
import { builtin, builtinIfAny } from "../runtime.ts";
import { fileSystemView } from "./file_system.ts";
import { type Links, type Tree, treeAt } from "./tree.ts";

/** The file system, as sources need it. */
export interface Files {
  /** What is at a path now; symbolic links followed. Throws when it cannot be asked. */
  kind(path: string | URL): "directory" | "file" | "other" | "missing";
  /** The absolute path without symbolic links. */
  resolve(path: string): string;
  /** What is at a path, whatever that leads to from time to time. */
  tree(path: string | URL, links: Links): Tree;
}

/** The files of this runtime. Throws where there is no file system. */
export function runtimeFiles(): Files {
  const fs = builtinIfAny("node:fs");
  // Workers may emulate node:fs over an empty disk; what is missing there says so.
  if (!fs) throw new Error("this runtime has no file system");
  const [path, url] = [builtin("node:path"), builtin("node:url")];
  const local = (at: string | URL): string => typeof at === "string" ? at : url.fileURLToPath(at);
  return {
    kind(at) {
      const stat = fs.statSync(local(at), { throwIfNoEntry: false });
      if (!stat) return "missing";
      return stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other";
    },
    resolve: (at) => fs.realpathSync(at),
    tree(at, links) {
      const given = local(at);
      // Not `path.resolve`: behind a link, `..` is the folder above what it leads to.
      const absolute = path.isAbsolute(given) ? given : `${path.resolve()}${path.sep}${given}`;
      return treeAt(fs, fileSystemView(fs), absolute, path.basename(path.resolve(given)), links);
    },
  };
}
