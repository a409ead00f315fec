import type { AddressInfo } from "node:net";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "@fastify/static";
export const version = versionOf("@fastify/static");
export const runtime = "node";
export const start = async ({ directory }: Site): Promise<Listening> => {
  const app = fastify();
  app.register(fastifyStatic, {
    root: directory,
    maxAge: "12h",
    preCompressed: true,
    wildcard: false,
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port };
};
