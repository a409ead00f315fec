/**
 * The site on Cloudflare Workers, which have no file system: the files are text modules of the
 * bundle, served from a source of our own.
 */
import type { Handler, Source } from "handwerk";
import { site } from "./app.ts";
import hello from "./site/hello.txt";
import greetings from "./site/grüße.txt";
import index from "./site/index.html";

interface Env {
  /** Where the upstream is. */
  readonly UPSTREAM: string;
}

function texts(files: Readonly<Record<string, string>>): Source {
  const found = new Map(Object.entries(files));
  return {
    find(segments) {
      const text = found.get(segments.join("/"));
      if (text === undefined) return undefined;
      const bytes = new TextEncoder().encode(text);
      const name = segments.at(-1) ?? "index.html";
      return { name, size: bytes.length, open: () => bytes, close() {} };
    },
  };
}

let app: Handler | undefined;

export default {
  fetch(request, env) {
    app ??= site({
      exports: {
        "/": texts({ "": index }),
        "/files": texts({ "hello.txt": hello, "grüße.txt": greetings }),
      },
      upstream: env.UPSTREAM,
    });
    return app(request);
  },
} satisfies ExportedHandler<Env>;
