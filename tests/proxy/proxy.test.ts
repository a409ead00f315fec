import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Capability,
  dispatch,
  type Handler,
  type IncomingResponse,
  proxy,
  proxyTo,
  type Targets,
} from "handwerk";
import { upstreamList } from "handwerk/upstreams";
import { FakeTransport, ok } from "../support/fake_transport.ts";

/** Options without the fields that the proxy adds by default. */
const quiet = { via: false, xForwarded: "off" } as const;
const fallback: Handler = () => new Response("passed on", { status: 418 });
const send = async (
  targets: Targets,
  url: string,
  init?: RequestInit,
): Promise<FakeTransport> => {
  const transport = new FakeTransport();
  await proxy(targets, { transport })(fallback)(new Request(url, init));
  return transport;
};

// [prefix, target, removePrefix, request path, URL at the upstream]
const urls: readonly (readonly [string, string, boolean, string, string])[] = [
  ["/api", "http://up:1", false, "/api/x?q=1", "http://up:1/api/x?q=1"],
  ["/api", "http://up:1", true, "/api/x?q=1", "http://up:1/x?q=1"],
  ["/api/", "http://up:1/base", true, "/api/x", "http://up:1/base/x"],
  ["/api", "http://up:1/base/", true, "/api/x", "http://up:1/base/x"],
  ["/api", "http://up:1/base/", false, "/api/x", "http://up:1/base/api/x"],
  ["/api", "http://up:1/base", true, "/api", "http://up:1/base"],
  ["/api", "http://up:1/base", true, "/api/", "http://up:1/base/"],
  ["/api", "http://up:1", true, "/api", "http://up:1/"],
  ["/", "http://up:1", false, "/a%2Fb/%61?a=%2F&&", "http://up:1/a%2Fb/%61?a=%2F&&"],
  ["/api", "http://up:1", true, "/%61pi/x", "http://up:1/x"],
  ["/api", "http://up:1", true, "/api//evil.com/x", "http://up:1//evil.com/x"],
  ["/api", "http://up:1", true, "/api/@evil.com", "http://up:1/@evil.com"],
  ["/api", "http://up:1", true, "/api/http://evil.com", "http://up:1/http://evil.com"],
  ["/api", "http://up:1", true, "/api/...", "http://up:1/..."],
  ["/grüße", "http://up:1/ü", true, "/gr%C3%BC%C3%9Fe/%C3%A4", "http://up:1/%C3%BC/%C3%A4"],
  ["/api", "http://[::1]:5001", true, "/api/x", "http://[::1]:5001/x"],
];
for (const [prefix, target, removePrefix, path, expected] of urls) {
  test(`${prefix} → ${target}${removePrefix ? " without prefix" : ""}: ${path}`, async () => {
    const { last } = await send({ [prefix]: { target, removePrefix } }, `http://front${path}`);
    assert.equal(last.url.href, expected);
  });
}

test("prefixes match whole segments, and the longest wins", async () => {
  const transport = new FakeTransport();
  const app = proxy({ "/a": "http://one", "/a/b": "http://two" }, { transport })(fallback);
  for (
    const [path, host] of [["/a", "one"], ["/a/bc", "one"], ["/a/b", "two"], ["/a/b/c", "two"]]
  ) {
    await app(new Request(`http://front${path}`));
    assert.equal(transport.last.url.host, host);
  }
  for (const path of ["/", "/ab", "/A", "/x/a"]) {
    assert.equal((await app(new Request(`http://front${path}`))).status, 418);
  }
});

test("below a mount, the path is the one behind the mount", async () => {
  const transport = new FakeTransport();
  const middleware = proxy({ "/api": { target: "http://up/v1", removePrefix: true } }, {
    transport,
  });
  const app = dispatch({ "/site": middleware(fallback) })(fallback);
  await app(new Request("http://front/site/api/x?q"));
  assert.equal(transport.last.url.href, "http://up/v1/x?q");
});

test("the origin of the sent request is the target's, for any path and query", async () => {
  const transport = new FakeTransport();
  const app = proxy({ "/": "http://up:5001/base" }, { transport })(fallback);
  const part = fc.constantFrom(
    "/",
    "//",
    "\\",
    "@",
    ":",
    "evil.com",
    "..",
    "%2e%2e",
    "%2F",
    "%5c",
    "?",
    "#",
    "%00",
    "\t",
    "http://",
    "a",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const request = new Request("http://front/");
      // Not normalized, as from some hosts.
      Object.defineProperty(request, "url", { value: `http://front/${parts.join("")}` });
      const before = transport.sent.length;
      const { status } = await app(request);
      if (transport.sent.length === before) return assert.equal(status, 400);
      assert.equal(transport.last.url.origin, "http://up:5001");
      assert.ok(transport.last.url.pathname.startsWith("/base/"), transport.last.url.pathname);
    }),
    { numRuns: 300 },
  );
});

/** A stand-in with a `Host` field, which not every runtime allows on a Request. */
const withFields = (fields: Record<string, string>, url = "http://front/x"): Request => {
  const request = new Request(url);
  Object.defineProperty(request, "headers", {
    value: {
      get: (name: string) => fields[name] ?? null,
      [Symbol.iterator]: () => Object.entries(fields)[Symbol.iterator](),
    },
  });
  return request;
};

test("option host: the target's, the client's, or a value", async () => {
  for (
    const [host, expected] of [["<auto>", "up:5001"], [null, "front:80"], [
      "v.example",
      "v.example",
    ]]
  ) {
    const transport = new FakeTransport();
    const targets = { "/": { target: "http://up:5001", host: host as string | null } };
    await proxy(targets, { transport })(fallback)(withFields({ host: "front:80" }));
    assert.equal(transport.last.host, expected);
    assert.ok(!transport.last.fields.some(([name]) => name === "host"));
  }
});

test("hop-by-hop fields and Expect are removed, other fields forwarded", async () => {
  const transport = new FakeTransport();
  await proxy({ "/": "http://up" }, { transport, ...quiet })(fallback)(withFields({
    host: "front",
    connection: "x-hop, close",
    "x-hop": "1",
    "keep-alive": "timeout=5",
    te: "trailers",
    upgrade: "websocket",
    expect: "100-continue",
    "proxy-authorization": "secret",
    "transfer-encoding": "chunked",
    cookie: "a=1; b=2",
    "accept-encoding": "br",
  }));
  assert.deepEqual(transport.last.fields, [["cookie", "a=1; b=2"], ["accept-encoding", "br"]]);
});

test("option headers replaces the client's fields, and Connection cannot remove them", async () => {
  const transport = new FakeTransport();
  const headers = { "X-User": "me", authorization: "Basic x" };
  const app = proxy({ "/": { target: "http://up", headers } }, { transport, ...quiet })(fallback);
  await app(withFields({
    connection: "x-user, authorization",
    "x-user": "forged",
    authorization: "forged",
  }));
  assert.deepEqual(Object.fromEntries(transport.last.fields), {
    "x-user": "me",
    authorization: "Basic x",
  });
});

test("method, content and content fields are forwarded", async () => {
  const { last } = await send({ "/": "http://up" }, "http://front/x", {
    method: "POST",
    body: "content",
    headers: { "content-type": "text/x" },
  });
  assert.equal(last.method, "POST");
  assert.equal(await new Response(last.body).text(), "content");
  assert.equal(new Map(last.fields).get("content-type"), "text/x");
});

const respond = async (
  incoming: Partial<IncomingResponse>,
  init?: RequestInit,
): Promise<Response> => {
  const transport = new FakeTransport(() => ({ ...ok(), ...incoming }));
  const app = proxy({ "/": "http://up" }, { transport, onError: () => {}, ...quiet })(fallback);
  return await app(new Request("http://front/", init));
};

test("hop-by-hop fields of the response are removed", async () => {
  const response = await respond({
    status: 201,
    reason: "Made",
    fields: [
      ["Connection", "X-Hop"],
      ["X-Hop", "secret"],
      ["Keep-Alive", "timeout=5"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2; Path=/"],
      ["X-Kept", "1"],
    ],
  });
  assert.equal(response.status, 201);
  assert.equal(response.statusText, "Made");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2; Path=/"]);
  assert.equal(response.headers.get("x-kept"), "1");
  for (const name of ["connection", "x-hop", "keep-alive"]) {
    assert.equal(response.headers.get(name), null);
  }
  assert.equal(await response.text(), "upstream");
});

test("redirects are passed on, and not followed", async () => {
  for (const location of ["/next", "http://elsewhere/", "//evil", "http://[bad", ""]) {
    const response = await respond({ status: 302, fields: [["location", location]] });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), location);
  }
});

test("an invalid Content-Length, and the coding of decoded content, are removed", async () => {
  const chunked = await respond({
    fields: [["content-length", "3"], ["transfer-encoding", "chunked"]],
  });
  assert.equal(chunked.headers.get("content-length"), null);
  const fields = [["content-length", "3"], ["content-encoding", "gzip"]] as const;
  const decoded = await respond({ fields, decoded: true });
  assert.deepEqual([...decoded.headers], []);
  const raw = await respond({ fields });
  assert.equal(raw.headers.get("content-encoding"), "gzip");
  assert.equal(raw.headers.get("content-length"), "3");
});

test("responses to HEAD, and with 204, 205 or 304, have no content", async () => {
  for (const status of [204, 205, 304]) {
    const response = await respond({ status });
    assert.equal(response.status, status);
    assert.equal(response.body, null);
  }
  const head = await respond({ fields: [["content-length", "8"]] }, { method: "HEAD" });
  assert.equal(head.body, null);
  assert.equal(head.headers.get("content-length"), "8");
});

// [response of a hostile or broken upstream, status of the proxy's response]
const hostile: readonly (readonly [string, Partial<IncomingResponse>, number])[] = [
  ["status 101 unasked", { status: 101 }, 502],
  ["status 99", { status: 99 }, 502],
  ["status 600", { status: 600 }, 502],
  ["status NaN", { status: NaN }, 502],
  ["a reason outside Latin-1", { reason: "\ufffd" }, 200],
  ["a line break in the reason", { reason: "a\r\nb" }, 200],
  ["an invalid field name", { fields: [["a b", "1"]] }, 502],
  ["a line break in a field", { fields: [["a", "1\r\nb: 2"]] }, 502],
];
for (const [why, incoming, status] of hostile) {
  test(`${why}: ${status}`, async () => {
    const response = await respond(incoming);
    assert.equal(response.status, status);
    assert.ok(response.statusText === "" || status !== 200);
  });
}

test("an upstream that fails is 502, and the client does not see why", async () => {
  const errors: unknown[] = [];
  const transport = new FakeTransport(() =>
    Promise.reject(new Error("ECONNREFUSED 10.0.0.1:5001"))
  );
  const app = proxy({ "/": "http://up" }, {
    transport,
    onError: (error) => void errors.push(error),
  })(
    fallback,
  );
  const response = await app(new Request("http://front/"));
  assert.equal(response.status, 502);
  assert.equal(await response.text(), "Bad Gateway");
  assert.match(String(errors[0]), /ECONNREFUSED/);
});

test("timeout: no response in time is 504, and the request is aborted", async () => {
  let aborted = false;
  const transport = new FakeTransport(({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted = true;
        reject(new Error("aborted"));
      });
    })
  );
  const app = proxy({ "/": "http://up" }, { transport, timeout: 20, onError: () => {} })(fallback);
  assert.equal((await app(new Request("http://front/"))).status, 504);
  assert.ok(aborted);
});

test("timeout: ends when the response begins", async () => {
  const transport = new FakeTransport(({ signal }) => ({
    ...ok(),
    body: new ReadableStream({
      async start(controller) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        controller.enqueue(new TextEncoder().encode(signal.aborted ? "aborted" : "late"));
        controller.close();
      },
    }),
  }));
  const app = proxy({ "/": "http://up" }, { transport, timeout: 20 })(fallback);
  assert.equal(await (await app(new Request("http://front/"))).text(), "late");
});

test("a client disconnect aborts the request to the upstream", async () => {
  const client = new AbortController();
  let reason: unknown;
  const transport = new FakeTransport(({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(reason = signal.reason));
      client.abort(new Error("left"));
    })
  );
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const app = proxy({ "/": "http://up" }, { transport, onError })(fallback);
  await app(new Request("http://front/", { signal: client.signal }));
  assert.match(String(reason), /left/);
  assert.deepEqual(errors, [], "that is no error of the upstream");
});

test("a body that was read before is a TypeError", async () => {
  const transport = new FakeTransport();
  const app = proxy({ "/": "http://up" }, { transport })(fallback);
  const request = new Request("http://front/", { method: "POST", body: "x" });
  await request.text();
  await assert.rejects(
    async () => app(request),
    /TypeError: proxy: the request's content was read before it came here; read a clone/,
  );
});

test("methods that the transport would change, CONNECT and TRACE are refused", async () => {
  const methods = (capabilities: Capability[]): Handler =>
    proxy({ "/": "http://up" }, { transport: new FakeTransport(ok, capabilities) })(fallback);
  const request = (method: string): Request => {
    const request = new Request("http://front/");
    Object.defineProperty(request, "method", { value: method });
    return request;
  };
  assert.equal((await methods([])(request("PROPFIND"))).status, 501);
  assert.equal((await methods(["anyMethod"])(request("PROPFIND"))).status, 200);
  for (const method of ["CONNECT", "TRACE", "TRACK"]) {
    const response = await methods(["anyMethod"])(request(method));
    assert.equal(response.status, 405);
    assert.match(response.headers.get("allow") ?? "", /^GET, HEAD, /);
  }
});

test("a single target serves every path", async () => {
  const transport = new FakeTransport();
  const build = [
    proxy("http://up/base", { transport }),
    proxy(new URL("http://up/base"), { transport }),
    proxy(["http://up/base"], { transport }),
    proxy({ target: "http://up/base" }, { transport }),
    proxy(upstreamList(["http://up/base"]), { transport }),
  ];
  for (const middleware of build) {
    assert.equal((await middleware(fallback)(new Request("http://front/x?q"))).status, 200);
    assert.equal(transport.last.url.href, "http://up/base/x?q");
  }
  assert.equal(transport.sent.length, build.length);
});

test("an object with fetch is a target, and gets the platform arguments", async () => {
  const app = {
    name: "app",
    fetch(request: Request, env: string): Response {
      return new Response(`${this.name} ${request.url} ${env}`);
    },
  };
  const front = new Request("http://front/x", { headers: { host: "front" } });
  for (const middleware of [proxy(app), proxy({ "/x": app }), proxy({ "/": { target: app } })]) {
    const response = await middleware(fallback)(front, "env");
    assert.match(await response.text(), /^app http:\/\/.*\/x env$/);
  }
  const response = await proxyTo(app)(front, "env");
  assert.match(await response.text(), /^app .* env$/);
});

const target = "http://up";
const none = { transport: new FakeTransport(ok, []) };
for (
  const [build, message] of [
    [() => proxy({ "api": target } as never), /proxy: the prefix "api" must start with "\/"/],
    [
      () => proxy({ "/api/*": target }),
      /proxy: the prefix "\/api\/\*" is a pattern; write "\/api"/,
    ],
    [() => proxy({ "/a": target, "/a/": target }), /the prefix "\/a\/" is there twice/],
    [
      () => proxy({ "/a": "up:5001" }),
      /the target of "\/a" must be an http or https URL such as "http:/,
    ],
    [() => proxy({ "/a": "/up" }), /the target of "\/a" is "\/up"; give a URL such as/],
    [() => proxy({ "/a": "http://up:99999" }), /give a URL such as/],
    [
      () => proxy({ "/a": undefined as unknown as string }),
      /the target of "\/a" is undefined; give a URL/,
    ],
    [() => proxy({ "/a": "ftp://up" }), /http or https/],
    [() => proxy({ "/a": "http://up/?x" }), /query or a fragment/],
    [() => proxy({ "/a": "http://u:p@up/" }), /credentials; set headers/],
    [
      () => proxy({ "/a": { target, host: "a/b" } }, { transport: new FakeTransport() }),
      /host is "a\/b"; give "<auto>", null or a host/,
    ],
    [() => proxy({ "/a": { target, headers: { connection: "x" } } }), /must not set connection/],
    [() => proxy({ "/a": { target, headers: { Host: "x" } } }), /Host; use the option host/],
    [
      () => proxy({ "/a": { target, headers: { "a b": "x" } } }),
      /headers has "a b", which cannot be sent; give a token/,
    ],
    [
      () => proxy({ "/a": { target, removePrefix: 1 as unknown as boolean } }),
      /removePrefix is 1; give true or false/,
    ],
    [() => proxy({ "/a": { target, host: null } }, none), /runtime always sends the host/],
    [
      () => proxy({}, { timeout: -1 }),
      /timeout is -1; give milliseconds, a number from 0 to 2147483647/,
    ],
    [() => proxy({}, { timeout: 2 ** 31 }), /timeout/],
    [() => proxy({}, { timeout: NaN }), /timeout/],
    [
      () => proxy({}, { transport: {} as unknown as FakeTransport }),
      /transport is an object; give an object with send\(\)/,
    ],
  ] as const
) {
  test(`proxy refuses with ${message}`, () => {
    assert.throws(
      build,
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  });
}
