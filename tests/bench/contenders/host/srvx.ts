import { serve } from "srvx/node";
import { type Listening, versionOf } from "../../support/contender.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "srvx";
export const version = versionOf("srvx");
export const runtime = "node";
export const start = async (): Promise<Listening> => {
  const server = serve({ fetch: trivial(), port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return { port: Number(new URL(server.url ?? "").port) };
};
