import { dispatch, type Handler } from "handwerk";
import { mountAware } from "../../../../src/mount.ts";

export const name = "handwerk, its own handler mounted";
const own = (leaf: Handler): Handler => mountAware((request) => leaf(request));
export const table = (paths: readonly string[], leaf: Handler): Handler =>
  dispatch(Object.fromEntries(paths.map((path) => [path, own(leaf)])))(leaf);
export const mount = (path: string, handler: Handler): Handler =>
  dispatch({ [path]: path === "/m1" ? own(handler) : handler })(handler);
