import { Agent } from "node:http";
import { createProxyServer } from "httpxy";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";

export const name = "httpxy";
export const version = versionOf("httpxy");
export const runtime = "node";
export const start = ({ upstream }: Site): Promise<Listening> => {
  const proxy = createProxyServer({ target: upstream, agent: new Agent({ keepAlive: true }) });
  return listen((message, sink) => {
    proxy.web(message, sink).catch(() => sink.destroy());
  });
};
