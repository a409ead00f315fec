/**
 * What our layers cost, and what those of Hono cost, side by side in one process: the contestants of
 * a group take turns, round by round, and the median round counts. Prints ratios: 1.00 is the first
 * of the group, 2.00 takes twice the time.
 */
import { dispatch, type Handler, notFound } from "handwerk";
import { debug } from "handwerk/debug";
import { Hono } from "hono";

const ROUNDS = 21;
const REQUESTS = 2000;

const leaf: Handler = () => new Response("ok");
const mounts = (count: number): Record<string, Handler> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`/mount${i}`, leaf]));
const honoMount = (path: string, handler: Handler): Handler => {
  const app = new Hono();
  app.mount(path, (request: Request) => handler(request));
  return (request) => app.fetch(request);
};

const honoRoute = (path: string): Handler => {
  const app = new Hono();
  app.get(path, (context) => leaf(context.req.raw));
  return (request) => app.fetch(request);
};

interface Group {
  readonly name: string;
  readonly path: string;
  readonly contestants: Readonly<Record<string, Handler>>;
}
const groups: readonly Group[] = [
  {
    name: "no mount takes the request",
    path: "/elsewhere/page",
    contestants: {
      "the bare handler": leaf,
      "dispatch, 1 mount": dispatch(mounts(1))(leaf),
      "dispatch, 1000 mounts": dispatch(mounts(1000))(leaf),
      "three dispatches": dispatch(mounts(9))(dispatch(mounts(9))(dispatch(mounts(9))(leaf))),
      "Hono, 1 route": honoRoute("/elsewhere/*"),
    },
  },
  {
    name: "debug around a handler that does not fail",
    path: "/elsewhere/page",
    contestants: {
      "the bare handler": leaf,
      "debug, off": debug({ enabled: false })(leaf),
      "debug, on": debug({ enabled: true })(leaf),
    },
  },
  {
    name: "a foreign handler below a mount",
    path: "/mount0/page?q=1",
    contestants: {
      "dispatch": dispatch(mounts(1))(notFound),
      "dispatch, URL kept": dispatch(mounts(1), { rewrite: false })(notFound),
      "Hono mount": honoMount("/mount0", leaf),
    },
  },
  {
    name: "a foreign handler below three mounts",
    path: "/a/b/c/page?q=1",
    contestants: {
      "dispatch": dispatch({
        "/a": dispatch({ "/b": dispatch({ "/c": leaf })(notFound) })(notFound),
      })(notFound),
      "Hono mount": honoMount("/a", honoMount("/b", honoMount("/c", leaf))),
    },
  },
];

async function round(handler: Handler, url: string): Promise<number> {
  const requests = Array.from({ length: REQUESTS }, () => new Request(url));
  const start = performance.now();
  for (const request of requests) await handler(request);
  return (performance.now() - start) / REQUESTS * 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Runs the bench and prints it. */
export async function layers(): Promise<void> {
  for (const { name, path, contestants } of groups) {
    const times = new Map<string, number[]>(Object.keys(contestants).map((key) => [key, []]));
    for (let i = 0; i < ROUNDS; i++) {
      for (const [key, handler] of Object.entries(contestants)) {
        times.get(key)?.push(await round(handler, `http://localhost:3000${path}`));
      }
    }
    const medians = [...times].map(([key, values]) => [key, median(values)] as const);
    const best = Math.min(...medians.map(([, time]) => time));
    console.log(`\n${name}`);
    for (const [key, time] of medians) {
      console.log(
        `  ${(time / best).toFixed(2).padStart(6)}  ${time.toFixed(2).padStart(7)} µs  ${key}`,
      );
    }
  }
}
