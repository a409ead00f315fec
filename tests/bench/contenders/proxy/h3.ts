import { H3, proxyRequest, serve } from "h3";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "h3 proxyRequest";
export const version = versionOf("h3");
export const runtime = "node";
export const start = async ({ upstream }: Site): Promise<Listening> => {
  const app = new H3();
  app.all("/**", (event) => proxyRequest(event, upstream + event.url.pathname + event.url.search));
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return { port: Number(new URL(server.url ?? "").port) };
};
