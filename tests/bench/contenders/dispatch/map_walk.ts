import type { Handler } from "handwerk";

export const name = "a walk over a Map";
// The least that finds the longest mount: nothing is checked, decoded or told to the handler.
export const table = (paths: readonly string[], leaf: Handler): Handler => {
  const mounts = new Map<string, Handler>(paths.map((path) => [path, leaf]));
  return (request) => {
    const { url } = request;
    const start = url.indexOf("/", 8);
    const query = url.indexOf("?", start);
    let path = query < 0 ? url.slice(start) : url.slice(start, query);
    while (path !== "") {
      const found = mounts.get(path);
      if (found) return found(request);
      path = path.slice(0, path.lastIndexOf("/"));
    }
    return leaf(request);
  };
};
export const mount = (path: string, handler: Handler): Handler => table([path], handler);
