import type { AddressInfo } from "node:net";
import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "@fastify/http-proxy";
export const version = versionOf("@fastify/http-proxy");
export const runtime = "node";
export const start = async ({ upstream }: Site): Promise<Listening> => {
  const app = fastify({ bodyLimit: 2 ** 30 });
  app.register(httpProxy, { upstream });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port };
};
