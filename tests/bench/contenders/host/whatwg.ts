import { createServerAdapter } from "@whatwg-node/server";
import { type Listening, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "@whatwg-node/server";
export const version = versionOf("@whatwg-node/server");
export const runtime = "node";
export const start = (): Promise<Listening> => {
  const fetch = trivial();
  const adapter = createServerAdapter((request: Request) => fetch(request));
  return listen((message, sink) => void adapter(message, sink));
};
