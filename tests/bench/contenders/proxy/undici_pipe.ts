import { Agent } from "undici";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";
import { listen } from "../../support/listen.ts";

export const name = "undici dispatch";
export const version = versionOf("undici");
export const runtime = "node";
// The least that a proxy on Node can do: no fields are taken off, and nothing is checked.
export const start = ({ upstream }: Site): Promise<Listening> => {
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  return listen((message, sink) => {
    const { method = "GET", url = "/", rawHeaders } = message;
    const fields: string[] = [];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string;
      if (!/^(?:connection|keep-alive|expect)$/i.test(name)) {
        fields.push(name, rawHeaders[i + 1] as string);
      }
    }
    const body = method === "GET" || method === "HEAD" ? null : message;
    agent.dispatch(
      { origin: upstream, path: url, method, headers: fields, body },
      {
        onRequestStart() {},
        onResponseStart(controller, status, headers) {
          const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...rest } = headers;
          sink.writeHead(status, rest);
          sink.on("drain", () => controller.resume());
          sink.once("close", () => {
            if (!sink.writableFinished) controller.abort(new Error("the client left"));
          });
        },
        onResponseData(controller, chunk) {
          if (!sink.write(chunk)) controller.pause();
        },
        onResponseEnd: () => void sink.end(),
        onResponseError: () => void sink.destroy(),
      },
    );
  });
};
