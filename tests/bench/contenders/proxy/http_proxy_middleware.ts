import { Agent } from "node:http";
import { createProxyMiddleware } from "http-proxy-middleware";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";

export const name = "http-proxy-middleware";
export const version = versionOf("http-proxy-middleware");
export const runtime = "node";
export const start = ({ upstream }: Site): Promise<Listening> => {
  const agent = new Agent({ keepAlive: true });
  const middleware = createProxyMiddleware({ target: upstream, agent });
  return listen((message, sink) => void middleware(message, sink, () => sink.writeHead(404).end()));
};
