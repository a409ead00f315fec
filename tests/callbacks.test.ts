/** What becomes of the errors of functions that are given to us: never the end of the process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Handler,
  memory,
  notFound,
  type ProxyOptions,
  proxyTo,
  serveStatic,
  type ServeStaticOptions,
  type TargetOptions,
} from "handwerk";
import { debug } from "handwerk/debug";
import { remote } from "handwerk/static";
import { hashBy } from "handwerk/upstreams";
import { FakeTransport, ok } from "./support/fake_transport.ts";

const boom = new Error("boom");
type Failing = (...args: unknown[]) => never;
const throws = (): never => {
  throw boom;
};
const fails: readonly (readonly [string, Failing])[] = [
  ["throws", throws],
  // A rejection that nobody handles makes the test fail, as it would end a process.
  ["rejects", (): never => Promise.reject(boom) as never],
];

/** What was reported while `use` ran, and was done with. */
async function reported(use: () => unknown): Promise<readonly (readonly unknown[])[]> {
  const lines: (readonly unknown[])[] = [];
  const { error } = console;
  console.error = (...line: unknown[]): void => void lines.push(line);
  try {
    await use();
    await new Promise((resolve) => setTimeout(resolve, 1));
  } finally {
    console.error = error;
  }
  return lines;
}

const get = (): Request =>
  new Request("http://localhost/a.txt", { headers: { host: "localhost" } });
const status = async (app: Handler): Promise<number> => (await app(get())).status;
const files = (options: ServeStaticOptions): Handler =>
  serveStatic({ "/": memory({ "a.txt": "text" }) }, options)(notFound);
const proxied = (options: ProxyOptions, target: Partial<TargetOptions> = {}): Handler =>
  proxyTo({ target: "http://up", ...target }, { transport: new FakeTransport(), ...options });
const failing = new FakeTransport(() => Promise.reject(new Error("no upstream")));
const informing = new FakeTransport(({ onInformational }) => {
  onInformational?.(103, []);
  return ok();
});
const debugged = (options: Parameters<typeof debug>[0]): Handler =>
  debug({ enabled: true, log: () => {}, ...options })(() => {
    throw new Error("shown");
  });

// Whoever is only told something changes nothing for anybody else.
const told: readonly (readonly [string, (tell: Failing) => unknown, unknown, string?])[] = [
  ["proxy: onError", (onError) => status(proxied({ onError, transport: failing })), 502],
  [
    "proxy: onError",
    async (onError) => {
      const cut = new FakeTransport(() => ({
        ...ok(),
        body: new ReadableStream<Uint8Array>({
          pull: (controller) => controller.error(new Error("cut")),
        }, { highWaterMark: 0 }),
      }));
      const app = proxied({ onError, transport: cut, timeout: { idle: 1000 } });
      const response = await app(get());
      return await response.text().catch((error: Error) => error.message);
    },
    "cut",
    ", of content that was cut,",
  ],
  [
    "proxy: onError",
    async (onError) => {
      const silent = new FakeTransport(() => ({ ...ok(), body: new ReadableStream() }));
      const app = proxied({ onError, transport: silent, timeout: { idle: 1 } });
      return await (await app(get())).text().catch((error: Error) => error.message);
    },
    "no content for 1 ms (option timeout.idle)",
    ", of content that paused,",
  ],
  [
    "proxy: onInformational",
    (onInformational) => status(proxied({ onInformational, transport: informing })),
    200,
  ],
  [
    "proxy: health",
    (sent) => status(proxied({}, { health: { isAvailable: () => true, track: () => sent } })),
    200,
  ],
  [
    "proxy: limit",
    async (leave) => (await proxied({}, { limit: { enter: () => leave } })(get())).text(),
    "upstream",
  ],
  ["serveStatic: onServe", (onServe) => status(files({ onServe })), 200],
  [
    "remote: onError",
    (onError) => status(serveStatic({ "/": remote("http://127.0.0.1:1/", { onError }) })(notFound)),
    502,
  ],
  ["debug: log", (log) => status(debugged({ log })), 500],
];
for (const [name, use, expected, when = ""] of told) {
  for (const [how, tell] of fails) {
    test(`${name}${when} ${how}, and that is all`, async () => {
      let result: unknown;
      const lines = await reported(async () => (result = await use(tell)));
      assert.equal(result, expected);
      assert.ok(lines.length > 0);
      for (const line of lines) assert.deepEqual(line, [`${name} failed:`, boom]);
    });
  }
}

// Whoever is asked something and throws makes the handler reject. A promise is no answer.
const asked: readonly (readonly [string, (ask: Failing) => Handler])[] = [
  ["proxy: clientAddress", (clientAddress) => proxied({ clientAddress })],
  [
    "proxy: balance",
    (balance) => proxied({}, { target: ["http://a", "http://b"], balance }),
  ],
  [
    "hashBy: the key",
    (key) => proxied({}, { target: ["http://a", "http://b"], balance: hashBy(key) }),
  ],
  ["serveStatic: isAllowed", (isAllowed) => files({ isAllowed })],
  ["serveStatic: headers", (headers) => files({ headers })],
  ["serveStatic: cache", (cache) => files({ cache })],
  ["serveStatic: download", (download) => files({ download })],
  ['serveStatic: the export "/"', (make) => serveStatic({ "/": make })(notFound)],
  ["debug: render", (render) => debugged({ render })],
  ["debug: filterFrame", (filterFrame) => debugged({ filterFrame })],
  ["debug: clientAddress", (clientAddress) => debugged({ clientAddress })],
];
for (const [name, make] of asked) {
  for (const [how, ask] of fails) {
    test(`${name} ${how}, and the handler rejects`, async () => {
      const request = name.startsWith("debug: render") ? withAccept("text/html") : get();
      const answer = async (): Promise<Response> => await make(ask)(request);
      if (how === "throws") await assert.rejects(answer, boom);
      else {
        const message = `${name} must not be async; let it return a value, not a promise`;
        await assert.rejects(answer, new TypeError(message));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    });
  }
}

const withAccept = (accept: string): Request =>
  new Request(get(), { headers: { host: "localhost", accept } });

test("what a health throws when the client leaves is nobody's error", async () => {
  const leaving = new AbortController();
  const silent = new FakeTransport(() => {
    queueMicrotask(() => leaving.abort());
    return new Promise(() => {});
  });
  const app = proxied({ transport: silent }, {
    health: { isAvailable: () => true, track: () => throws },
  });
  const lines = await reported(async () => {
    const { status } = await app(new Request("http://localhost/", { signal: leaving.signal }));
    assert.equal(status, 499);
  });
  assert.deepEqual(lines, [["proxy: health failed:", boom]]);
});
