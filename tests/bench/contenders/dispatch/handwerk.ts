import { dispatch, type Handler } from "handwerk";

export const name = "handwerk, URL rewritten";
export const table = (paths: readonly string[], leaf: Handler): Handler =>
  dispatch(Object.fromEntries(paths.map((path) => [path, leaf])))(leaf);
export const mount = (path: string, handler: Handler): Handler =>
  dispatch({ [path]: handler })(handler);
