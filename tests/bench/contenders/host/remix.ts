import { createRequestListener } from "@remix-run/node-fetch-server";
import { type Listening, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "@remix-run/node-fetch-server";
export const version = versionOf("@remix-run/node-fetch-server");
export const runtime = "node";
export const start = (): Promise<Listening> => {
  const fetch = trivial();
  return listen(createRequestListener((request) => fetch(request)));
};
