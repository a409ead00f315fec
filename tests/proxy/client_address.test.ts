/** Who sent a request, as the host at hand tells it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch } from "../../src/dispatch.ts";
import { notFound } from "../../src/handler.ts";
import { clientAddress, type HostRequest, linkNative } from "../../src/host/host_request.ts";
import { proxyTo } from "../../src/proxy/mod.ts";
import { FakeTransport } from "../support/fake_transport.ts";

test("client address: a host of ours knows it", async () => {
  const host = { address: "::ffff:192.0.2.1" } as HostRequest;
  const request = linkNative(new Request("http://front/blog/x"), host);
  assert.equal(clientAddress(request, []), "::ffff:192.0.2.1");
  const transport = new FakeTransport();
  // A foreign handler between makes another request of it.
  const leaf = proxyTo("http://up", { transport });
  const app = dispatch({ "/blog": (inner: Request) => leaf(inner) })(notFound);
  await app(request);
  assert.equal(new Map(transport.last.fields).get("x-forwarded-for"), "192.0.2.1");
});

test("client address: each runtime tells it in its own way, and client headers are ignored", () => {
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

test("client address: the option gets the platform arguments", async () => {
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
