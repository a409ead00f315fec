/** secureCookies, and the cookie of stickyCookie. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, notFound, proxy, type ProxyOptions } from "handwerk";
import { leastConnections, passiveHealth, stickyCookie } from "handwerk/upstreams";
import { insecureCookie } from "../../src/http/cookies.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { passedBack, quiet } from "../support/proxying.ts";

test("a cookie without Secure loses the attributes that need it", () => {
  for (
    const [given, expected] of [
      ["a=1; Secure; HttpOnly", "a=1; HttpOnly"],
      ["a=1;secure ;Path=/", "a=1;Path=/"],
      ["a=Secure; SameSite=None; Secure; Partitioned", "a=Secure"],
      ["a=1; Secure=1; SameSite = none", "a=1"],
      ["a=1; SameSite=Lax; Secure", "a=1; SameSite=Lax"],
      ["a=1; Secured; Path=/secure", "a=1; Secured; Path=/secure"],
      ["secure; Path=/", "secure; Path=/"],
      ["__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"],
      ["__secure-a=1; Secure", "__secure-a=1; Secure"],
    ] as const
  ) assert.equal(insecureCookie(given), expected);
});

test("secureCookies: false removes Secure for clients without TLS", async () => {
  const cookies = async (
    url: string,
    secureCookies?: boolean,
    options: ProxyOptions = {},
    headers: Record<string, string> = {},
  ): Promise<string[]> => {
    const fields = [["set-cookie", "a=1; Secure"], ["set-cookie", "b=2"]] as const;
    const request = new Request(url, { headers });
    const target = secureCookies === undefined ? {} : { secureCookies };
    const response = await passedBack({ fields: [...fields] }, request, options, target);
    return response.headers.getSetCookie();
  };
  assert.deepEqual(await cookies("http://front/"), ["a=1; Secure", "b=2"]);
  assert.deepEqual(await cookies("http://front/", true), ["a=1; Secure", "b=2"]);
  assert.deepEqual(await cookies("http://front/", false), ["a=1", "b=2"]);
  assert.deepEqual(await cookies("https://front/", false), ["a=1; Secure", "b=2"]);
  const trusted = { clientAddress: () => "10.0.0.1", trustedProxies: ["10.0.0.1"] };
  const fields = { "x-forwarded-proto": "https" };
  assert.deepEqual(await cookies("http://front/", false, trusted, fields), ["a=1; Secure", "b=2"]);
  assert.deepEqual(await cookies("http://front/", false, {}, fields), ["a=1", "b=2"]);
});

/** A client that stores its cookie, and a proxy with two upstreams. */
function visitor(transport: FakeTransport, balance = stickyCookie()): {
  visit(url?: string): Promise<string>;
  cookie: string | null;
} {
  const target = ["http://one", "http://two"];
  const health = passiveHealth({ failures: 1, time: 300_000 });
  const app = dispatch({
    "/site": proxy({ "/api": { target, balance, health } }, { transport, ...quiet })(notFound),
  })(notFound);
  const self = {
    cookie: null as string | null,
    async visit(url = "http://front/site/api/x") {
      const headers: Record<string, string> = self.cookie === null
        ? {}
        : { cookie: `other=1; ${self.cookie.split(";")[0]}` };
      const response = await app(new Request(url, { headers }));
      const [cookie] = response.headers.getSetCookie();
      if (cookie !== undefined) self.cookie = cookie;
      return transport.last.url.host;
    },
  };
  return self;
}

test("stickyCookie: a client returns to its upstream", async () => {
  const transport = new FakeTransport();
  const [first, second] = [visitor(transport), visitor(transport)];
  const place = await first.visit();
  const { cookie } = first;
  assert.match(cookie ?? "", /^upstream=[0-9a-z]+; Path=\/site\/api; HttpOnly; SameSite=Lax$/);
  for (let i = 0; i < 5; i++) assert.equal(await first.visit(), place);
  assert.equal(first.cookie, cookie);
  // Another proxy with the same upstreams understands it.
  await second.visit();
  second.cookie = cookie;
  assert.equal(await second.visit(), place);
});

test("stickyCookie: a client of an unhealthy or removed upstream gets another cookie", async () => {
  let failing = "";
  const transport = new FakeTransport(({ url }) =>
    url.host === failing ? { ...ok(), status: 503 } : ok()
  );
  const client = visitor(transport);
  const place = await client.visit();
  const before = client.cookie;
  failing = place;
  await client.visit();
  const other = await client.visit();
  assert.notEqual(other, place);
  assert.notEqual(client.cookie, before);
  client.cookie = "upstream=forged";
  assert.equal(await client.visit(), other);
  assert.match(client.cookie, /^upstream=(?!forged)/);
});

test("stickyCookie: name, Max-Age and Secure", async () => {
  const transport = new FakeTransport();
  const client = visitor(
    transport,
    stickyCookie("node", { maxAge: 3600, fallback: leastConnections() }),
  );
  await client.visit("https://front/site/api/");
  assert.match(
    client.cookie ?? "",
    /^node=[0-9a-z]+; Path=\/site\/api; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
  );
});

test("stickyCookie: invalid arguments are refused", () => {
  assert.throws(
    () => stickyCookie("a b"),
    /^TypeError: stickyCookie: the name is "a b"; give a token/,
  );
  assert.throws(() => stickyCookie("a", { maxAge: 0 }), /stickyCookie: maxAge/);
  assert.throws(() => stickyCookie("a", { fallback: {} as never }), /stickyCookie: fallback/);
  assert.throws(() => stickyCookie("a", { age: 1 } as never), /stickyCookie: .*"?age/);
});
