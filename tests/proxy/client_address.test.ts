/** The address of the client, as each host knows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch } from "../../src/dispatch.ts";
import { notFound } from "../../src/handler.ts";
import { clientAddress, type HostRequest, linkNative } from "../../src/host/host_request.ts";
import { proxyTo } from "../../src/proxy/mod.ts";
import { FakeTransport } from "../support/fake_transport.ts";

test("clientAddress: a host with its own requests knows the address", async () => {
  const host = { address: "::ffff:192.0.2.1" } as HostRequest;
  const request = linkNative(new Request("http://front/blog/x"), host);
  assert.equal(clientAddress(request, []), "::ffff:192.0.2.1");
  const transport = new FakeTransport();
  // A foreign handler in between makes another request of it.
  const leaf = proxyTo("http://up", { transport });
  const app = dispatch({ "/blog": (inner: Request) => leaf(inner) })(notFound);
  await app(request);
  assert.equal(new Map(transport.last.fields).get("x-forwarded-for"), "192.0.2.1");
});

test("clientAddress: each host has its own way; fields of the client do not count", () => {
  const request = new Request("http://front/", { headers: { "cf-connecting-ip": "192.0.2.4" } });
  const deno = { remoteAddr: { hostname: "192.0.2.2", port: 1, transport: "tcp" } };
  const bun = {
    requestIP: (asked: Request) => asked === request ? { address: "192.0.2.3", port: 1 } : null,
  };
  const expected = "Deno" in globalThis
    ? ["192.0.2.2", undefined, undefined]
    : "Bun" in globalThis
    ? [undefined, "192.0.2.3", undefined]
    : "WebSocketPair" in globalThis
    ? ["192.0.2.4", "192.0.2.4", "192.0.2.4"]
    : [undefined, undefined, undefined];
  assert.deepEqual([[deno], [bun], []].map((args) => clientAddress(request, args)), expected);
});

test("the option clientAddress gets the request and the platform arguments", async () => {
  const transport = new FakeTransport();
  const seen: unknown[] = [];
  const app = proxyTo("http://up", {
    transport,
    clientAddress: (...all) => {
      seen.push(...all);
      return "192.0.2.5";
    },
  });
  const request = new Request("http://front/");
  await (app as (...args: unknown[]) => Promise<Response>)(request, "env", "context");
  assert.deepEqual(seen, [request, "env", "context"]);
  assert.equal(new Map(transport.last.fields).get("x-forwarded-for"), "192.0.2.5");
});
