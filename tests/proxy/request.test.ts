/** The fields of the request to the upstream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dispatch, notFound, proxy, type ProxyOptions, proxyTo } from "handwerk";
import { FORWARDING } from "../../src/http/forwarded.ts";
import { FakeTransport } from "../support/fake_transport.ts";
import { quiet, received, sent } from "../support/proxying.ts";

const from = (address: string | undefined): ProxyOptions => ({
  via: false,
  clientAddress: () => address,
  trustedProxies: ["10.0.0.0/8"],
});
const fieldsOf = async (...args: Parameters<typeof sent>): Promise<Record<string, string>> =>
  Object.fromEntries((await sent(...args)).fields);

/** Forwarding fields that a client forges. */
const forged = {
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-host": "evil",
  "x-forwarded-proto": "gopher",
  "x-forwarded-prefix": "/evil",
  "x-forwarded-port": "1",
  "x-forwarded-user": "root",
  "x-forwarded": "for=evil",
  "x_forwarded_for": "6.6.6.6",
  "x-forwarded_for": "6.6.6.6",
  "x.forwarded.for": "6.6.6.6",
  "x-forwarded~for": "6.6.6.6",
  "x_auth_request_user": "root",
  "remote_user": "root",
  "forwarded": "for=evil",
  "x-real-ip": "6.6.6.6",
  "x_real_ip": "6.6.6.6",
  "true-client-ip": "6.6.6.6",
  "cf-connecting-ip": "6.6.6.6",
  "x-original-url": "/admin",
  "x-rewrite-url": "/admin",
  "x-http-method-override": "DELETE",
  "proxy": "http://evil/",
  "transfer_encoding": "chunked",
  "content_length": "5",
  "keep_alive": "1",
};

test("forwarding fields of an untrusted peer are replaced", async () => {
  for (const mode of ["append", "set"] as const) {
    const fields = await fieldsOf(received(forged, { url: "https://front:8443/x" }), {
      ...from("192.0.2.1"),
      xForwarded: mode,
    });
    assert.deepEqual(fields, {
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "front:8443",
      "x-forwarded-port": "8443",
    });
  }
  assert.deepEqual(
    await fieldsOf(received(forged), { ...from("192.0.2.1"), xForwarded: "off" }),
    {},
  );
  assert.deepEqual(await fieldsOf(received(forged), { ...from(undefined), xForwarded: "off" }), {});
  const unknown = await fieldsOf(received(forged), from(undefined));
  assert.deepEqual(unknown, {
    "x-forwarded-for": "unknown",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "front",
    "x-forwarded-port": "80",
  });
});

test("forwarding fields of an untrusted peer are removed in any spelling", async () => {
  const word = fc.constantFrom("x", "forwarded", "for", "real", "ip", "original", "url", "client");
  const name = fc.array(fc.tuple(word, fc.constantFrom("-", "_")), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.flat().slice(0, -1).join(""));
  await fc.assert(fc.asyncProperty(name, fc.boolean(), async (name, trusted) => {
    const fields = await fieldsOf(received({ [name]: "forged", "x-kept": "1" }), {
      ...from(trusted ? "10.0.0.1" : "192.0.2.1"),
      xForwarded: "off",
    });
    const plain = name.replaceAll("_", "-");
    const tells =
      /^x-(?:forwarded|real|original)-|^(?:forwarded|x-forwarded|x-client-ip|client-ip|forwarded-for)$/
        .test(plain);
    const survives = !tells || (trusted && name === plain);
    assert.equal(fields[name], survives ? "forged" : undefined);
    assert.equal(fields["x-kept"], "1");
  }));
});

test("xForwarded: fields of a trusted peer are appended to, or replaced with set", async () => {
  const peerFields = {
    "x-forwarded-for": "1.2.3.4",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "public.example",
    "x-forwarded-prefix": "/outer",
    "x-forwarded-port": "443",
    "x-real-ip": "1.2.3.4",
    "forwarded": "for=1.2.3.4",
  };
  assert.deepEqual(await fieldsOf(received(peerFields), { ...from("10.0.0.1"), forwarded: true }), {
    ...peerFields,
    "x-forwarded-for": "1.2.3.4, 10.0.0.1",
    "forwarded": "for=1.2.3.4, for=10.0.0.1;host=front;proto=http",
  });
  assert.deepEqual(
    await fieldsOf(received(peerFields), { ...from("::ffff:10.0.0.1"), xForwarded: "set" }),
    {
      "x-forwarded-for": "10.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "front",
      "x-forwarded-port": "80",
      "x-real-ip": "1.2.3.4",
      "forwarded": "for=1.2.3.4",
    },
  );
  assert.deepEqual(
    await fieldsOf(received(peerFields), { ...from("10.0.0.1"), xForwarded: "off" }),
    peerFields,
  );
});

test("each listed forwarding field is removed, in any spelling", async () => {
  const strangers = [
    "X-Forwarded-Port Front-End-Https X-Url-Scheme X-Remote-User Remote-User Remote-Groups",
    "X-Auth-Request-Email WL-Proxy-Client-IP X-Original-Forwarded-For X-Azure-ClientIP",
    "Fly-Client-IP X-Appengine-User-IP X-Scheme X-ARR-SSL CF-Visitor X-Host X-HTTP-Host-Override",
    "X-SSL-Client-Verify SSL-Client-Cert X-Client-Cert Client-Cert X-Sendfile-Type X-Accel-Mapping",
    "X-MS-Client-Principal-Name X-Goog-IAP-JWT-Assertion X-Amzn-Oidc-Data Cf-Access-Jwt-Assertion",
    "X-WebAuth-User X-Authenticated-UserId X-Consumer-Username",
  ].join(" ").split(" ");
  const names = [...strangers, ...FORWARDING.map((name) => name.replace("*", "a"))];
  for (const name of names.map((name) => name.toLowerCase())) {
    const spellings = [name, name.replaceAll("-", "_"), name.replaceAll("-", ".")];
    const given = Object.fromEntries(spellings.map((spelling) => [spelling, "forged"]));
    const options = { ...from("192.0.2.1"), xForwarded: "off" } as const;
    assert.deepEqual(await fieldsOf(received({ ...given, "x-kept": "1" }), options), {
      "x-kept": "1",
    });
    assert.deepEqual(await fieldsOf(received(given), { ...options, ...from("10.0.0.1") }), {
      [name]: "forged",
    });
  }
});

test("X-Forwarded-Port is the port of the client's host, or the default of the scheme", async () => {
  // [fields of a trusted proxy, URL, port]
  for (
    const [peerFields, url, port] of [
      [{}, "http://front/x", "80"],
      [{}, "https://front/x", "443"],
      [{}, "http://[::1]:8080/x", "8080"],
      [{}, "http://[2001:db8::8]/x", "80"],
      [{ "x-forwarded-proto": "https" }, "http://front/x", "443"],
      [{ "x-forwarded-proto": "https, http" }, "http://front/x", "443"],
      [{ "x-forwarded-host": "public:81, inner:82" }, "http://front/x", "81"],
      [{ "x-forwarded-port": "8443" }, "http://front/x", "8443"],
    ] as const
  ) {
    const fields = await fieldsOf(received(peerFields, { url }), from("10.0.0.1"));
    assert.equal(fields["x-forwarded-port"], port);
  }
});

test("removeHeaders removes fields of the client and of the proxy, in any spelling", async () => {
  const given = {
    "x-internal-role": "root",
    "x_internal_role": "root",
    "x-internal": "1",
    referer: "http://front/secret",
    "x-kept": "1",
  };
  const fields = await fieldsOf(received(given), from("192.0.2.1"), {
    removeHeaders: ["X-Internal-*", "Referer", "x-forwarded-host", "x-forwarded-port"],
    headers: { "x-internal-role": "guest" },
  });
  assert.deepEqual(fields, {
    "x-internal": "1",
    "x-kept": "1",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "http",
    "x-internal-role": "guest",
  });
});

test("a field that the target sets or removes does not pass in another spelling", async () => {
  const given = { "x-user": "root", "x_user": "root", "x.user": "root", "x-role-a": "root" };
  assert.deepEqual(
    await fieldsOf(received({ ...given, "x-kept": "1" }), { ...quiet }, {
      headers: { "x_user": "me" },
      removeHeaders: ["x_role_*"],
    }),
    { "x-kept": "1", "x_user": "me" },
  );
});

test("NTLM is not forwarded: it would authenticate the next client on the connection", async () => {
  const wrapped = btoa("\x60\x48 SPNEGO NTLMSSP\0 and more");
  const kerberos = btoa("\x60\x48 SPNEGO Kerberos");
  for (
    const [value, passes] of [
      ["NTLM TlRMTVNTUAABAAAA", false],
      ["ntlm", false],
      [`Negotiate ${wrapped}`, false],
      [`negotiate ${kerberos}`, true],
      ["Negotiate !", true],
      ["Basic bnRsbTpudGxt", true],
      ["Bearer NTLM", true],
    ] as const
  ) {
    const fields = await fieldsOf(received({ authorization: value }), { ...quiet });
    assert.deepEqual(fields, passes ? { authorization: value } : {}, value);
  }
});

test("removeHeaders: invalid names are refused", () => {
  const build = (removeHeaders: unknown) => () =>
    proxyTo({ target: "http://up", removeHeaders: removeHeaders as string[] });
  for (const name of ["", "*", "a b", "x-*-y", "**", 1, null]) {
    assert.throws(
      build([name]),
      /^TypeError: proxy: the target: removeHeaders\[0\] is .*; give a name/,
    );
  }
  for (const list of ["referer", {}, 1]) {
    assert.throws(build(list), /^TypeError: proxy: the target: removeHeaders is .*; give a list/);
  }
  for (const name of ["Host", "via", "content-length"]) {
    assert.throws(build([name]), /^TypeError: proxy: the target: removeHeaders must not have /);
  }
});

test("forwarded: a string names this proxy", async () => {
  const options = { ...from("2001:DB8::1"), xForwarded: "off", forwarded: "_gate" } as const;
  assert.deepEqual(await fieldsOf(received({ forwarded: "for=evil" }), options), {
    forwarded: 'for="[2001:db8::1]";by=_gate;host=front;proto=http',
  });
});

test("an invalid or unknown address is forwarded as unknown", async () => {
  for (const address of ["", "evil", "1.2.3.4, 6.6.6.6", "1.2.3.4\r\nx: y"]) {
    const fields = await fieldsOf(received(), from(address));
    assert.equal(fields["x-forwarded-for"], "unknown");
  }
});

test("X-Forwarded-Prefix has the mounts and the removed prefix", async () => {
  for (
    const [removePrefix, prefix] of [[true, "/site/api"], [false, "/site"]] as const
  ) {
    const transport = new FakeTransport();
    const targets = { "/api": { target: "http://up", removePrefix } };
    const app = dispatch({ "/site": proxy(targets, { transport })(notFound) })(notFound);
    await app(new Request("http://front/site/api/x"));
    assert.equal(new Map(transport.last.fields).get("x-forwarded-prefix"), prefix);
  }
});

test("Connection cannot remove the fields that the proxy adds", async () => {
  const names = "x-forwarded-for, x-forwarded-host, x-forwarded-port, x-forwarded-proto, via, " +
    "x-user, forwarded";
  const fields = await fieldsOf(
    received({
      connection: `close, ${names}, Authorization, Cookie, Content-Type, X-Hop`,
      "x-hop": "1",
      authorization: "a",
      cookie: "c",
    }),
    { ...from("192.0.2.1"), via: "gate", forwarded: true },
    { headers: { "x-user": "me" } },
  );
  assert.deepEqual(
    Object.keys(fields).toSorted(),
    ["authorization", "cookie", ...names.split(", ")].toSorted(),
  );
});

test("option headers replaces also fields named with underscores", async () => {
  const headers = { "x-user": "me", "x-forwarded-for": "9.9.9.9" };
  const { fields } = await sent(
    received({ "x-user": "forged", "x_user": "forged", "x_other": "1" }),
    from("192.0.2.1"),
    { headers },
  );
  assert.deepEqual(fields.filter(([name]) => /user|other|-for$/.test(name)), [
    ["x_other", "1"],
    ["x-forwarded-for", "9.9.9.9"],
    ["x-user", "me"],
  ]);
});

test("Via names the proxy, and a request that returns is a loop: 502", async () => {
  const fields = await fieldsOf(received({ via: "1.0 fred" }), { ...quiet, via: "gate" });
  assert.deepEqual(fields, { via: "1.0 fred, 1.1 gate" });
  const looped = received({ via: "1.0 fred, 1.1 Gate" });
  await assert.rejects(sent(looped, { via: "gate" }), /answered 502/);
  assert.equal((await sent(looped, { via: "other" })).url.host, "up:5001");
  assert.equal((await sent(looped, { via: false })).url.host, "up:5001");
});

test("each proxy has another name in Via", async () => {
  const [one = "", two = ""] = await Promise.all(
    [received(), received()].map(async (request) => (await fieldsOf(request))["via"]),
  );
  assert.match(one, /^1\.1 handwerk-[0-9a-f]{8}$/);
  assert.notEqual(one, two);
});

test("Max-Forwards is decremented for OPTIONS, and stays for other methods", async () => {
  for (
    const [method, value, expected] of [
      ["OPTIONS", "5", "4"],
      ["OPTIONS", "01", "0"],
      ["OPTIONS", "many", "many"],
      ["GET", "0", "0"],
    ] as const
  ) {
    const fields = await fieldsOf(received({ "max-forwards": value }, { method }), quiet);
    assert.equal(fields["max-forwards"], expected);
  }
});

test("credentials: false removes Authorization and Cookie", async () => {
  const mine = { authorization: "Basic x", cookie: "a=1", "x-kept": "1" };
  assert.deepEqual(await fieldsOf(received(mine), quiet), mine);
  assert.deepEqual(await fieldsOf(received(mine), quiet, { credentials: false }), {
    "x-kept": "1",
  });
  const headers = { authorization: "Bearer ours" };
  assert.deepEqual(await fieldsOf(received(mine), quiet, { credentials: false, headers }), {
    "x-kept": "1",
    ...headers,
  });
});

test("the client's host is that of the URL, in the spelling of Host", async () => {
  // RFC 9112 §3.2.2: some hosts pass a target in absolute form with another Host.
  for (
    const [url, host, expected] of [
      ["http://front/x", "front:80", "front:80"],
      ["http://front/x", "FRONT", "FRONT"],
      ["http://named/x", "other", "named"],
      ["http://front:81/x", undefined, "front:81"],
      ["http://front:81/x", "front:82", "front:81"],
      ["https://front/x", "front:80", "front"],
      ["https://front/x", "front:443", "front:443"],
    ] as const
  ) {
    const request = received(host === undefined ? {} : { host }, { url });
    const outgoing = await sent(request, {}, { host: null });
    assert.equal(outgoing.host, expected);
    assert.equal(new Map(outgoing.fields).get("x-forwarded-host"), expected);
  }
});

test("GET and HEAD lose their content, and the fields about it", async () => {
  const fields = { "content-length": "4", "content-encoding": "gzip", "content-type": "a/b" };
  for (const method of ["GET", "HEAD"]) {
    const outgoing = await sent(received(fields, { method, body: "body" }), quiet);
    assert.equal(outgoing.body, null);
    assert.deepEqual(outgoing.fields, [["content-type", "a/b"]]);
  }
  const disguised = { ...fields, "content_length": "5", "content_encoding": "br" };
  const outgoing = await sent(received(disguised, { method: "PUT", body: "body" }), quiet);
  assert.deepEqual(Object.fromEntries(outgoing.fields), fields);
});
