/** What must not compile, and what the error says; see tests/node/types.test.ts. */
import { dispatch, memory, notFound, proxy, proxyTo, serveStatic } from "handwerk";

const ofWorkers = (_: Request, env: { readonly name: string }): Response => new Response(env.name);
const ofOthers = (_: Request, port: number): Response => new Response(String(port));

export const mounts = dispatch({
  "/a": ofWorkers, // DifferentPlatformArguments
  "/b": notFound,
  "/c": { fetch: ofOthers }, // DifferentPlatformArguments
});
export const targets = proxy({
  "/a": ofWorkers, // DifferentPlatformArguments
  "/b": { target: ofOthers }, // DifferentPlatformArguments
  "/c": "http://up/",
});
export const exported = serveStatic({
  "/a": (env: { readonly name: string }) => memory(env.name), // DifferentPlatformArguments
  "/b": (port: number) => memory(String(port)), // DifferentPlatformArguments
  "/c": "./public",
});
export const inTable = proxy({
  "/x": {
    target: "http://up/",
    changeOrigin: true, // UnknownOption
  },
});
export const inWhole = proxy({
  target: "http://up/",
  changeOrigin: true, // UnknownOption
});
export const inLeaf = proxyTo({
  target: "http://up/",
  changeOrigin: true, // UnknownOption
});
export const mountedOn = dispatch({
  blog: notFound, // NotAPath
  "/shop": notFound,
});
export const proxied = proxy({
  api: "http://up/", // NotAPath
});
export const served = serveStatic({
  shared: "./public", // NotAPath
});
