import { Hono } from "hono";
import type { Handler } from "handwerk";

export const name = "hono mount";
export const table = (paths: readonly string[], leaf: Handler): Handler => {
  const app = new Hono();
  for (const path of paths) app.mount(path, (request: Request) => leaf(request));
  return (request) => app.fetch(request);
};
export const mount = (path: string, handler: Handler): Handler => table([path], handler);
