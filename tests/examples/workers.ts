/** The site on Cloudflare Workers, which have no file system: the files are modules of the bundle. */
import { type Handler, memory } from "handwerk";
import { site } from "./app.ts";
import hello from "./site/files/hello.txt";
import greetings from "./site/files/grüße.txt";
import index from "./site/index.html";

interface Env {
  /** Where the upstream is. */
  readonly UPSTREAM: string;
}

const files = memory({
  "index.html": index,
  "files/hello.txt": hello,
  "files/grüße.txt": greetings,
});
let app: Handler | undefined;

export default {
  fetch(request, env) {
    app ??= site({ exports: { "/": files }, upstream: env.UPSTREAM });
    return app(request);
  },
} satisfies ExportedHandler<Env>;
