/** What each layer costs while it has nothing to do; in process. A new layer is one line. */
import { compose, dispatch, type Handler, type Middleware, proxy, serveStatic } from "handwerk";
import { debug } from "handwerk/debug";
import { mountAware } from "../../../src/mount.ts";
import { costs } from "../support/in_process.ts";
import { onEach, runtimeHere } from "../support/on_each.ts";
import { digits, type Options, print, type Table } from "../support/options.ts";

const through: Middleware = (inner) => (request, ...args) => inner(request, ...args);
const layers: Readonly<Record<string, Middleware>> = {
  "a function that calls the next": through,
  "compose of three such": compose(through, through, through),
  "dispatch, another mount": dispatch({ "/other": () => new Response() }),
  "proxy, another prefix": proxy({ "/other": "http://127.0.0.1:9/" }),
  "serveStatic, another export": serveStatic({ "/other": { find: () => undefined } }),
  "debug, off": debug({ enabled: false }),
  "debug, on": debug({ enabled: true }),
  "serveStatic, no such file": serveStatic({ "/": { find: () => undefined } }),
};

const response = new Response("ok");
const leaf: Handler = mountAware(() => response);

export const middlewareSuite = (options: Options): Promise<readonly Table[]> =>
  onEach("middleware", options, measureHere);

async function measureHere(options: Options): Promise<readonly Table[]> {
  const handlers: [string, Handler][] = [["none", leaf], [
    "none again",
    mountAware(() => response),
  ]];
  for (const [name, layer] of Object.entries(layers)) {
    handlers.push([name, layer(leaf)], [`${name} × 3`, compose(layer, layer, layer)(leaf)]);
  }
  const url = "http://localhost:3000/some/page?q=1";
  const times = await costs(Object.fromEntries(handlers), url, options.rounds);
  const none = times["none"] ?? NaN;
  const further = (name: string): number =>
    ((times[`${name} × 3`] ?? NaN) - (times[name] ?? NaN)) / 2;
  return [print({
    title: `middleware on ${runtimeHere()}: idle layers, ns/request`,
    columns: ["layer", "the first one adds", "each further one adds"],
    rows: Object.keys(layers).map((name) => [
      name,
      digits((times[name] ?? NaN) - none),
      digits(further(name)),
    ]),
    note:
      `One of our own handlers without any layer takes ${digits(none)} ns, another one like it ` +
      `${digits(times["none again"] ?? NaN)} ns: smaller differences than that tell nothing.`,
  })];
}
