/**
 * A small site: files, an upstream behind a proxy, mounted handlers, and a debugger around all of
 * it. It runs on every host.
 */
import {
  compose,
  dispatch,
  easterEgg,
  type Exports,
  type Handler,
  mountOf,
  notFound,
  proxy,
  serveStatic,
} from "handwerk";
import { debug } from "handwerk/debug";
import { Hono } from "hono";
import { html } from "hono/html";

export interface SiteOptions {
  /** What to serve as files. */
  readonly exports: Exports;
  /** Where the upstream is. */
  readonly upstream: string;
  /** Whether `/fail` fails, and the debugger shows how. */
  readonly development?: boolean;
}

export function site({ exports, upstream, development = false }: SiteOptions): Handler {
  return compose(
    debug({ enabled: development, live: true }),
    easterEgg(),
    serveStatic(exports, { disallow: "*.secret", cacheTimeout: 60, listing: true }),
    proxy({ "/api": { target: upstream, removePrefix: true } }),
    dispatch({
      "/guestbook": guestbook(),
      "/where": where,
      "/fail": development ? fail : calm,
    }),
  )(notFound);
}

/** An app that was written for another framework, and knows nothing of where it is mounted. */
function guestbook(): Handler {
  const entries = ["Grüße aus Tübingen"];
  const app = new Hono();
  app.get("/", (context) =>
    context.html(html`
      <!DOCTYPE html>
      <html lang="en">
        <title>Guest book</title>
        <h1>Guest book</h1>
        <ul>${entries.map((entry) => html`<li>${entry}</li>`)}</ul>
        <form method="post" action="${mountOf(context.req.raw).base}/">
          <label>Your entry <input name="entry" required></label>
          <button>Sign</button>
        </form>
        <p><a href="/">Back</a></p>
      </html>
    `));
  app.post("/", async (context) => {
    const { entry } = await context.req.parseBody();
    if (typeof entry === "string" && entries.length < 100) entries.push(entry.slice(0, 200));
    return context.redirect(`${mountOf(context.req.raw).base}/`, 303);
  });
  return (request) => app.fetch(request);
}

/** A handler that tells what it sees. */
function where(request: Request): Response {
  const { base, path, original } = mountOf(request);
  return Response.json({ base, path, url: request.url, original: original.url });
}

/** A handler with a mistake in it, for the debugger to show. */
function fail(): Response {
  const births = new Map([["Ada", 1815], ["Grace", 1906]]);
  const born = (name: string): number => {
    const year = births.get(name);
    if (year === undefined) throw new RangeError(`Nobody of the name ${name} is known`);
    return year;
  };
  return new Response(`Alan was born in ${born("Alan")}`);
}

function calm(): Response {
  return new Response("Nothing fails here, unless NODE_ENV is development");
}
