import { serve } from "srvx/node";
import { staticMiddleware } from "srvx/static";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "srvx";
export const version = versionOf("srvx");
export const runtime = "node";
export const start = async ({ directory }: Site): Promise<Listening> => {
  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    middleware: [staticMiddleware({ dir: directory })],
    fetch: () => new Response(null, { status: 404 }),
  });
  await server.ready();
  return { port: Number(new URL(server.url ?? "").port) };
};
