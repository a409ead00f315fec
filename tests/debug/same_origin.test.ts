/** Who may see errors: a request is refused in doubt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback } from "../../src/debug/same_origin.ts";
import type { Handler } from "handwerk";
import type { DebugOptions } from "handwerk/debug";
import { runtimeName } from "../../src/runtime.ts";
import { debugged, debuggedAs, fakeFrames, HOST } from "../support/debugging.ts";

const broken: Handler = () => {
  throw new Error("hush: s3cr3t");
};
const PIN = "246-813-579";
const live = fakeFrames({ id: 7 }, (error) => {
  const [, line = "0"] = /:(\d+):\d+\)?$/m.exec((error as Error).stack ?? "") ?? [];
  return { url: "made-up.ts", line: Number(line), column: 1, name: "broken" };
});

for (
  const [what, variables, options] of [
    ["in production, although it is enabled", { NODE_ENV: "production" }, { enabled: true }],
    ["in production, in any letter case", { NODE_ENV: " Production" }, { enabled: true }],
    ["on Deno Deploy", { DENO_DEPLOYMENT_ID: "x", NODE_ENV: "development" }, { enabled: true }],
    ["on Vercel", { VERCEL: "1" }, { enabled: true }],
    ["on Lambda", { AWS_LAMBDA_FUNCTION_NAME: "f" }, { enabled: true }],
    ["without an environment", {}, {}],
    ["where the environment is another one", { NODE_ENV: "staging" }, {}],
    ["when it is not enabled", { NODE_ENV: "development" }, { enabled: false }],
  ] as const
) {
  test(`off ${what}: the handler is returned unchanged`, () => {
    const { app, logged } = debuggedAs(broken, options, { variables });
    assert.equal(app, broken);
    assert.equal(logged.length, "enabled" in options && options.enabled ? 1 : 0);
  });
}

test("on in development, or if enabled is true", async () => {
  const variables = { NODE_ENV: "development" };
  for (
    const debug of [
      debugged(broken),
      debuggedAs(broken, {}, { variables }),
    ]
  ) assert.match(await (await debug.get("/")).text(), /s3cr3t/);
});

test("a request that came through Cloudflare's network is not debugged", async () => {
  const { get, logged } = debugged(broken, {}, { edge: true });
  await assert.rejects(get("/", { "cf-ray": "1" }), /s3cr3t/);
  await assert.rejects(get("/", { "cf-ray": "2" }), /s3cr3t/);
  assert.equal(logged.length, 1);
  assert.equal((await get("/")).status, 500);
});

const forwarded = { "x-forwarded-for": "127.0.0.1" };
const proxied: DebugOptions = {
  trustedProxies: ["127.0.0.0/8"],
  clientAddress: () => "127.0.0.1",
};
const refused: readonly (readonly [string, Record<string, string>, number, DebugOptions?])[] = [
  ["another host", { host: "evil.example" }, 400],
  ["another host on the same port", { host: "evil.example:3000" }, 400],
  ["a name that only ends in localhost", { host: "evillocalhost" }, 400],
  ["a malformed host", { host: "localhost:3000/@evil" }, 400],
  ["an address of the network", { host: "192.168.1.5:3000" }, 400],
  ["a short form of 127.0.0.1", { host: "127.1" }, 400],
  ["a host with a dot in front", { host: ".localhost" }, 400],
  ["X-Forwarded-For", forwarded, 403],
  ["X-Forwarded-Host", { "x-forwarded-host": "localhost" }, 403],
  ["Forwarded", { forwarded: "for=127.0.0.1" }, 403],
  ["Via", { via: "1.1 tunnel" }, 403],
  ["X-Real-IP", { "x-real-ip": "127.0.0.1" }, 403],
  ["CF-Ray", { "cf-ray": "1" }, 403],
  ["a client on another machine", {}, 403, { clientAddress: () => "192.168.1.5" }],
  ["a client on another machine over IPv6", {}, 403, { clientAddress: () => "::ffff:10.0.0.1" }],
  ["a proxy that is not trusted", forwarded, 403, {
    trustedProxies: ["127.0.0.1"],
    clientAddress: () => "10.0.0.1",
  }],
  ["a proxy whose address is unknown", forwarded, 403, { trustedProxies: ["127.0.0.1"] }],
  ["X-Forwarded-For: another machine", { "x-forwarded-for": "127.0.0.1, 192.0.2.1" }, 403, proxied],
  ["Forwarded: another machine", { forwarded: 'for="[2001:db8::1]:80"' }, 403, proxied],
  ["Forwarded: another machine by a port", { forwarded: "for=192.0.2.1:80;by=_x" }, 403, proxied],
  [
    "headers that contradict each other",
    { ...forwarded, forwarded: "for=192.0.2.1" },
    403,
    proxied,
  ],
  ["X-Forwarded-Host: another host", { "x-forwarded-host": "evil.example" }, 400, proxied],
];
for (const [what, headers, status, options] of refused) {
  test(`an error is not shown to a request with ${what}`, async () => {
    const debug = debugged(broken, { pin: PIN, ...options }, { capture: live });
    const page = await debug.app(
      new Request("http://localhost:3000/", {
        headers: { ...HOST, ...headers, accept: "text/html" },
      }),
    );
    assert.ok([400, 500].includes(page.status));
    assert.doesNotMatch(await page.text(), /s3cr3t|at |data-token/);
    for (const path of ["", "/console", "/unlock", "/evaluate"]) {
      const response = await debug.app(
        new Request(`http://localhost:3000/__debug${path}`, {
          method: path === "" || path === "/console" ? "GET" : "POST",
          headers: { ...HOST, ...headers },
        }),
      );
      assert.equal(response.status, status, path);
      assert.doesNotMatch(await response.text(), /s3cr3t|data-token/);
    }
  });
}

test("the URL must be for a trusted host, and Host must be present", async () => {
  const { app } = debugged(broken);
  for (
    const [url, headers] of [
      ["http://evil.example/", HOST],
      ["http://localhost/", {}],
    ] as const
  ) {
    const response = await app(new Request(url, { headers }));
    assert.equal(await response.text(), "Internal Server Error");
  }
});

test("trusted hosts are the local ones, or those of the option", async () => {
  const { app } = debugged(broken);
  for (const host of ["localhost", "LOCALHOST:80", "a.b.localhost", "127.0.0.1:1", "[::1]:9"]) {
    const response = await app(new Request(`http://${host}/`, { headers: { host } }));
    assert.match(await response.text(), /s3cr3t/, host);
  }
  const named = debugged(broken, { trustedHosts: ["dev.example", ".test"] });
  for (
    const [host, shown] of [["dev.example", true], ["a.test", true], ["localhost", false]] as const
  ) {
    const response = await named.app(new Request(`http://${host}/`, { headers: { host } }));
    assert.equal((await response.text()).includes("s3cr3t"), shown, host);
  }
  for (const wrong of ["", "*", "localhost:3000", "a/b", ".", "a b"]) {
    assert.throws(() => debugged(broken, { trustedHosts: [wrong] }), TypeError, wrong);
  }
});

test("a trusted proxy is believed", async () => {
  const debug = debugged(broken, { ...proxied, pin: PIN });
  assert.match(await (await debug.get("/", forwarded)).text(), /s3cr3t/);
  const headers = { ...forwarded, origin: "https://localhost:3000" };
  assert.equal((await debug.ask("unlock", { pin: PIN }, { headers })).status, 200);
  const other = { ...forwarded, origin: "https://evil.example" };
  assert.equal((await debug.ask("unlock", { pin: PIN }, { headers: other })).status, 403);
});

test("CF-Connecting-IP is the address of the client on Workers, and refused elsewhere", async () => {
  const edge = runtimeName() === "Workers";
  for (const [address, shown] of [["127.0.0.1", edge], ["10.0.0.1", false]] as const) {
    const { get } = debugged(broken, {}, { edge });
    const text = await (await get("/", { "cf-connecting-ip": address })).text();
    assert.equal(text.includes("s3cr3t"), shown);
  }
});

test("without a PIN, a proxy says nothing about the client behind it", async () => {
  const client = { ...proxied, pin: false } as const;
  const status = async (headers: Record<string, string>, options: DebugOptions): Promise<number> =>
    (await debugged(broken, options).ask("locals", { error: "none" }, { headers })).status;
  assert.equal(await status({}, { ...client, trustedProxies: [] }), 410);
  assert.equal(await status({}, client), 403);
  assert.equal(await status(forwarded, client), 403);
});

test("a trusted proxy may change the host, if it names the one that the client asked for", async () => {
  const debug = debugged(broken, {
    ...proxied,
    pin: PIN,
    trustedHosts: ["localhost", "dev.example"],
  });
  const headers = { "x-forwarded-host": "dev.example", "origin": "https://dev.example" };
  assert.equal((await debug.ask("unlock", { pin: PIN }, { headers })).status, 200);
});

test("the address of the client is the one that the host provides", async () => {
  const of = async (...args: unknown[]): Promise<boolean> => {
    const response = await debugged(broken).app(
      new Request("http://localhost/", { headers: HOST }),
      ...args,
    );
    return (await response.text()).includes("s3cr3t");
  };
  const deno = (hostname: string): object => ({
    remoteAddr: { transport: "tcp", hostname, port: 1 },
  });
  const bun = (address: string): object => ({ requestIP: () => ({ address, port: 1 }) });
  assert.ok(await of() && await of({}, null, 7));
  if (runtimeName() === "Deno") assert.ok(await of(deno("::1")) && !await of(deno("10.0.0.1")));
  if (runtimeName() === "Bun") assert.ok(await of(bun("::1")) && !await of(bun("::ffff:10.0.0.1")));
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "[::1]"]) {
    assert.ok(isLoopback(address), address);
  }
  for (const address of ["", "127.0.0.1.evil", "1127.0.0.1", "::2", "localhost", "0.0.0.0"]) {
    assert.ok(!isLoopback(address), address);
  }
});

const commands: readonly (readonly [string, RequestInit, number])[] = [
  ["GET", { method: "GET" }, 405],
  ["PUT", { method: "PUT" }, 405],
  ["the content type of a form", { headers: { "content-type": "text/plain" } }, 415],
  ["no content type", { headers: { "content-type": "-" } }, 415],
  ["another type that begins with application/json", {
    headers: { "content-type": "application/jsonp" },
  }, 415],
  ["no token", { headers: { "x-debug-token": "-" } }, 403],
  ["a wrong token", { headers: { "x-debug-token": "x" } }, 403],
  ["Sec-Fetch-Site: cross-site", { headers: { "sec-fetch-site": "cross-site" } }, 403],
  ["Sec-Fetch-Site: same-site", { headers: { "sec-fetch-site": "same-site" } }, 403],
  ["Sec-Fetch-Site: none", { headers: { "sec-fetch-site": "none" } }, 403],
  ["another origin", { headers: { origin: "http://evil.example" } }, 403],
  ["another port", { headers: { origin: "http://localhost:8000" } }, 403],
  ["an opaque origin", { headers: { origin: "null" } }, 403],
];
for (const [what, init, status] of commands) {
  test(`a command with ${what} is refused`, async () => {
    const debug = debugged(broken, { pin: PIN }, { capture: live });
    for (const command of ["unlock", "evaluate", "locals", "members", "request"]) {
      const response = await debug.ask(command, { pin: PIN }, init);
      assert.equal(response.status, status, command);
      assert.equal(response.headers.get("set-cookie"), null);
      assert.equal(response.headers.get("access-control-allow-origin"), null);
      if (status === 405) assert.equal(response.headers.get("allow"), "POST");
    }
  });
}

test("a command without a JSON object is a 400", async () => {
  const debug = debugged(broken, { pin: PIN });
  assert.equal((await debug.ask("unlock", "text")).status, 400);
  assert.equal((await debug.ask("unlock", null)).status, 400);
});
