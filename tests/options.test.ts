/** A wrong value of an option is refused when it is given, with its name and what to write instead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, memory, notFound, overlay, proxy, proxyTo, serveStatic } from "handwerk";
import { debug } from "handwerk/debug";
import { inspect } from "handwerk/proxy";
import { dictionaries, preload, remote } from "handwerk/static";
import {
  activeHealth,
  capacity,
  concurrency,
  hashBy,
  mirrorTo,
  passiveHealth,
  retries,
  slowStart,
  stickyCookie,
  upstreamList,
} from "handwerk/upstreams";
import { assets, bucket, keyValue } from "handwerk/workers";
import { FakeTransport, ok } from "./support/fake_transport.ts";
import { type Takes, testOptions } from "./support/wrong_values.ts";
import * as takes from "./support/wrong_values.ts";

const up = "http://up/";
const transport = new FakeTransport(ok, [
  "host",
  "anyMethod",
  "getContent",
  "tls",
  "servername",
  "insecureTls",
  "unix",
  "http2",
  "priorKnowledge",
  "connected",
]);
const site = { "/": memory({ "a.txt": "a" }) };

const targets: Record<string, Takes> = {
  removePrefix: takes.flag,
  host: takes.oneOf(null, "nonsense"),
  headers: takes.emptyObject,
  removeHeaders: takes.emptyList,
  credentials: takes.flag,
  rewriteLocation: takes.flag,
  rewriteOrigin: takes.flag,
  secureCookies: takes.flag,
  mirror: takes.nothing,
  tls: takes.emptyObject,
  socketPath: takes.text,
  http2: takes.flag,
  balance: takes.callback,
  retry: takes.nothing,
  health: takes.emptyList,
  limit: takes.nothing,
};

testOptions("dispatch", (o) => dispatch({ "/a": notFound }, o), { removePrefix: takes.flag });
testOptions("serveStatic", (o) => serveStatic(site, o), {
  disallow: takes.either(takes.text, takes.emptyList),
  isAllowed: takes.callback,
  dotfiles: takes.nothing,
  colons: takes.flag,
  symlinks: takes.nothing,
  memoryCache: takes.either(takes.oneOf(false), takes.emptyObject),
  cache: takes.either(takes.flag, takes.callback, takes.emptyObject),
  cacheTimeout: takes.whole(0),
  mimeTypes: takes.emptyObject,
  fallbackMimetype: takes.nothing,
  index: takes.either(takes.oneOf(false, "nonsense"), takes.emptyList),
  listing: takes.flag,
  extensions: takes.emptyList,
  hideExtensions: takes.flag,
  hideIndex: takes.flag,
  trailingSlash: takes.nothing,
  spa: takes.either(takes.flag, takes.name),
  notFoundPage: takes.name,
  precompressed: takes.emptyList,
  dictionaries: takes.nothing,
  compress: takes.flag,
  headers: takes.either(takes.callback, takes.emptyList),
  download: takes.either(takes.flag, takes.callback),
  untrusted: takes.flag,
  methodNotAllowed: takes.flag,
  onServe: takes.callback,
});
testOptions("remote", (o) => remote(up, o), { timeout: takes.number(1), onError: takes.callback });

const proxied: Record<string, Takes> = {
  timeout: takes.either(takes.number(0), takes.emptyObject),
  xForwarded: takes.nothing,
  forwarded: takes.flag,
  via: takes.oneOf(false, "nonsense"),
  trustedProxies: takes.emptyList,
  clientAddress: takes.callback,
  onRequest: takes.callback,
  onResponse: takes.callback,
  onInformational: takes.callback,
  onError: takes.callback,
  transport: takes.nothing,
};
testOptions("proxy", (o) => proxy({ "/": up }, { transport, ...o }), proxied);
testOptions("proxy", (o) => proxyTo(up, { transport, ...o }), proxied);
testOptions("proxy", (o) => inspect(up, { transport, ...o }), proxied);
testOptions("proxy: timeout", (timeout) => proxyTo(up, { transport, timeout }), {
  connect: takes.number(0),
  headers: takes.number(0),
  idle: takes.number(0),
  total: takes.number(0),
});
testOptions(
  'proxy: the target of "/x"',
  (o) => proxy({ "/x": { target: up, ...o } }, { transport }),
  targets,
);
testOptions("proxy: the target", (o) => proxyTo({ target: up, ...o }, { transport }), targets);
testOptions(
  "proxy: the mirror of the target",
  (o) => proxyTo({ target: up, mirror: mirrorTo({ target: up, ...o }) }, { transport }),
  { host: targets["host"] as Takes, headers: takes.emptyObject, credentials: takes.flag },
);
testOptions(
  "proxy: the target: tls",
  (tls) => proxyTo({ target: "https://up", tls: { cert: "c", key: "k", ...tls } }, { transport }),
  {
    ca: takes.either(takes.text, takes.emptyList),
    cert: takes.text,
    key: takes.text,
    rejectUnauthorized: takes.flag,
    servername: takes.text,
  },
);
testOptions("proxy: the target", (o) => proxyTo([{ url: up, ...o }], { transport }), {
  weight: (value) => typeof value === "number" && value > 0 && value < Infinity,
});
testOptions("retries", retries, {
  attempts: takes.whole(1),
  statuses: takes.emptyList,
  budget: takes.number(0),
  burst: takes.number(1),
  maxWait: takes.number(0),
  backoff: takes.number(0),
});
testOptions("passiveHealth", passiveHealth, {
  failures: takes.whole(1),
  statuses: takes.emptyList,
  time: takes.number(1),
  maxTime: takes.nothing, // less than the default of `time`
  maxEjected: takes.number(0, 1),
  strict: takes.flag,
});
testOptions("activeHealth", (o) => activeHealth({ path: "/health", ...o }), {
  path: takes.nothing,
  interval: takes.number(1),
  timeout: takes.number(1),
  passes: takes.whole(1),
  fails: takes.whole(1),
  isHealthy: takes.callback,
});
testOptions("concurrency", (o) => concurrency(1, o), {
  queue: takes.whole(0),
  queueTimeout: takes.number(1),
  retryAfter: takes.whole(0),
});
testOptions("slowStart", (o) => slowStart(passiveHealth(), o), {
  time: takes.number(1),
});
testOptions("mirrorTo", (o) => mirrorTo(up, o), {
  share: takes.number(0, 1),
  timeout: takes.number(1),
  maxInFlight: takes.whole(1),
});
testOptions("stickyCookie", (o) => stickyCookie("name", o), {
  maxAge: takes.whole(1),
  fallback: takes.callback,
});
testOptions("debug", (o) => debug(o), {
  enabled: takes.flag,
  live: takes.either(takes.flag, takes.emptyObject),
  pin: takes.oneOf(false, "nonsense", "no\u0000nsense"),
  trustedHosts: takes.emptyList,
  path: takes.nothing,
  console: takes.flag,
  editor: takes.nothing,
  log: takes.callback,
  render: takes.callback,
  clientAddress: takes.callback,
  trustedProxies: takes.emptyList,
  filterFrame: takes.callback,
});

// The arguments of functions that are no options: [the function, with an argument, what it takes]
const isRecord: Takes = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const list: Takes = (value) => Array.isArray(value) && value.length === 0;
const positional: readonly (readonly [string, (value: never) => unknown, Takes])[] = [
  ["memory", memory, takes.either((v) => typeof v === "string", takes.callback, isRecord)],
  [
    "memory",
    (value) => memory({ "a.txt": value }),
    takes.either((v) => typeof v === "string", takes.callback),
  ],
  ["overlay", overlay, takes.nothing],
  ["overlay", (value) => overlay(memory(""), value), takes.nothing],
  ["bucket", bucket, takes.nothing],
  [
    "bucket",
    (value) => bucket({ head: () => {}, get: () => {}, list: () => {} } as never, value),
    (v) => typeof v === "string",
  ],
  ["keyValue", keyValue, takes.nothing],
  ["assets", assets, takes.nothing],
  ["preload", preload, isRecord],
  ["preload", (value) => preload({ "index.html": value }), list],
  ["preload", (value) => preload({ "index.html": [value] }), takes.nothing],
  ["dictionaries", dictionaries, isRecord],
  ["dictionaries", (value) => dictionaries({ "*": value }), takes.name],
  ["dictionaries", (value) => dictionaries({ "*": { match: "/x", matchDest: value } }), list],
  ["remote", remote, takes.nothing],
  ["capacity", capacity, takes.whole(1)],
  ["concurrency", concurrency, takes.whole(1)],
  ["slowStart", slowStart, takes.nothing],
  ["hashBy", hashBy, takes.callback],
  ["hashBy", (value) => hashBy({ header: value }), takes.name],
  ["hashBy", (value) => hashBy({ cookie: value }), takes.name],
  ["hashBy", (value) => hashBy("path", value), takes.callback],
  ["upstreamList", upstreamList, list],
  ["upstreamList", (value) => upstreamList([value]), takes.nothing],
  ["stickyCookie", (value) => stickyCookie(value), takes.name],
  ["proxy", (value) => proxyTo(value, { transport }), takes.callback],
  ["proxy", (value) => proxyTo([value], { transport }), takes.nothing],
  ["proxy", (value) => proxyTo({ target: up, mirror: mirrorTo(value) }), takes.callback],
  ["proxy", (value) => proxy({ "/": value }, { transport }), takes.callback],
  ["serveStatic", (value) => serveStatic({ "/": value }), takes.callback],
  ["dispatch", dispatch, isRecord],
  ["dispatch", (value) => dispatch({ "/": value }), takes.callback],
];
for (const [i, [name, build, taken]] of positional.entries()) {
  test(`${name} takes no wrong argument (${i})`, () => {
    for (const value of takes.VALUES) {
      if (taken(value)) build(value as never);
      else {
        assert.throws(() => build(value as never), (error: unknown) => {
          assert.ok(error instanceof TypeError, String(error));
          assert.match(error.message, new RegExp(`^${name}: .*; (?:give|put|leave|create|pass) .`));
          return true;
        });
      }
    }
  });
}

// [what is wrong, what is built, what the error says]
const wrong = (value: unknown): never => value as never;
const told: readonly (readonly [string, () => unknown, string])[] = [
  [
    "a misspelt option",
    () => serveStatic({}, wrong({ disalow: "*.key" })),
    'serveStatic: unknown option "disalow"; did you mean "disallow"?',
  ],
  [
    "an option with letters in another order",
    () => retries(wrong({ attemtps: 2 })),
    'retries: unknown option "attemtps"; did you mean "attempts"?',
  ],
  [
    "an option in another case",
    () => proxyTo({ target: up, removeprefix: true } as never),
    'proxy: the target: unknown option "removeprefix"; did you mean "removePrefix"?',
  ],
  [
    "the name that others give an option",
    () => serveStatic({}, wrong({ maxAge: 1 })),
    'serveStatic: unknown option "maxAge"; give cacheTimeout, in seconds',
  ],
  [
    "an option that is not needed here",
    () => proxy({ "/x": wrong({ target: up, changeOrigin: true }) }),
    'proxy: the target of "/x": unknown option "changeOrigin"; leave it out: the host is that of ' +
    "the target",
  ],
  [
    "an option like a member of every object",
    () => remote(up, wrong({ constructor: 1 })),
    'remote: unknown option "constructor"; the options are timeout, onError',
  ],
  [
    "a part of an option",
    () => proxyTo(up, { timeout: wrong({ idel: 1 }) }),
    'proxy: timeout: unknown option "idel"; did you mean "idle"?',
  ],
  [
    "a text for the options",
    () => activeHealth(wrong("/health")),
    'activeHealth: options is "/health"; give an object such as { path: … }',
  ],
  [
    "a required option that is missing",
    () => activeHealth(wrong({})),
    'activeHealth: path is undefined; give a path such as "/health"',
  ],
  [
    "null for the options",
    () => dispatch({}, wrong(null)),
    "dispatch: options is null; give an object such as { removePrefix: … }",
  ],
  [
    "headers made by a function",
    () => proxyTo({ target: up, headers: wrong((): object => ({})) }),
    'proxy: the target: headers is a function; give an object such as { "x-api-key": "…" }',
  ],
  [
    "a header without a value",
    () => proxyTo({ target: up, headers: wrong({ a: undefined }) }),
    "proxy: the target: headers.a is undefined; give a string",
  ],
  [
    "one extension",
    () => serveStatic({}, { extensions: wrong("html") }),
    'serveStatic: extensions is "html"; give a list such as ["html"]',
  ],
  [
    "a list for what is longer than that",
    () => serveStatic({}, { fallbackMimetype: "x".repeat(100) }),
    `serveStatic: fallbackMimetype is "${"x".repeat(80)}…"; give a media type such as "text/plain"`,
  ],
];
for (const [name, build, message] of told) {
  test(`${name} is refused in words`, () => {
    assert.throws(build, { name: "TypeError", message });
  });
}

test("a value that may be a secret is not in the error", () => {
  const secret = "s3cr3t\n.";
  const builds = [
    () => proxyTo({ target: up, headers: { authorization: secret } }),
    () => remote(`http://user:${secret}@h/`),
    () => debug({ pin: secret.slice(0, 3) }),
  ];
  for (const build of builds) {
    assert.throws(
      build,
      (error: Error) => error instanceof TypeError && !/s3c/.test(error.message),
    );
  }
});

test("an passiveHealth may be longer than the default of the longest", () => {
  passiveHealth({ time: 600_000 });
  assert.throws(() => passiveHealth({ time: 10, maxTime: 5 }), /passiveHealth: maxTime is 5; give/);
});
