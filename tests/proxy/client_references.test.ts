/** References in requests: Destination, If and Origin, rewritten for the upstream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, notFound, proxy, type ProxyOptions, type TargetOptions } from "handwerk";
import { mirrorTo } from "handwerk/upstreams";
import { settle } from "../support/fake_clock.ts";
import { FakeTransport } from "../support/fake_transport.ts";
import { quiet, received } from "../support/proxying.ts";

type Target = Partial<TargetOptions>;

/** The request that is sent for one below `/site/dav`, or the status of a refusal. */
async function sentFields(
  fields: Readonly<Record<string, string>>,
  { method = "COPY", url = "http://front/site/dav/a" } = {},
  target: Target = {},
  options: ProxyOptions = {},
): Promise<Record<string, string> | number> {
  const transport = new FakeTransport();
  const targets = {
    "/dav": { target: "http://up:5001/app/", removePrefix: true, ...target } as TargetOptions,
  };
  const inner = proxy(targets, { transport, ...quiet, onError: () => {}, ...options })(notFound);
  const response = await dispatch({ "/site": inner })(notFound)(received(fields, { url, method }));
  await settle();
  const [first] = transport.sent;
  return first ? Object.fromEntries(first.fields) : response.status;
}

const destination = async (...[value, ...others]: [string, ...unknown[]]): Promise<unknown> => {
  const fields = await sentFields({ destination: value }, ...others as []);
  return typeof fields === "number" ? fields : fields["destination"];
};

test("Destination becomes the URL at the upstream", async () => {
  for (
    const [given, expected] of [
      ["http://front/site/dav/b", "http://up:5001/app/b"],
      ["https://front/site/dav/b", "http://up:5001/app/b"],
      ["http://FRONT:80/site/dav/b%20c/", "http://up:5001/app/b%20c/"],
      ["/site/dav/b?q", "http://up:5001/app/b?q"],
      ["http://front/site/dav/", "http://up:5001/app/"],
      ["http://front/%73ite/dav/b%2Fc", "http://up:5001/app/b%2Fc"],
    ] as const
  ) {
    for (const method of ["COPY", "MOVE"]) {
      assert.equal(await destination(given, { method }), expected, given);
    }
  }
  assert.equal(
    await destination("http://front/site/dav/b", {}, { host: "own.example" }),
    "http://own.example/app/b",
  );
  assert.equal(
    await destination("http://front/site/dav/b", {}, { removePrefix: false }),
    "http://up:5001/app/dav/b",
  );
});

test("a Destination outside of the target is refused", async () => {
  for (
    const value of [
      "http://front/site/other/b",
      "http://front/site/davenport",
      "http://front/private",
      "/private",
      "http://up:5001/private",
      "http://up:5001/app/b",
      "http://evil/site/dav/b",
      "//evil/site/dav/b",
      "http://front:8080/site/dav/b",
      "http://user@front/site/dav/b",
      "http://front/site/dav/../../private",
      "http://front/site/dav/%2e%2e/%2e%2e/private",
      "http://front/site/dav/..%2F..%2Fprivate",
      "http://front/site/dav/..;/private",
      "http://front/site/dav/\\..\\private",
      "file:///etc/passwd",
      "b",
      "",
    ]
  ) {
    for (const removePrefix of [true, false]) {
      assert.equal(await destination(value, {}, { removePrefix }), 400, value);
    }
  }
});

test("Destination stays with other methods, and without rewriteLocation", async () => {
  assert.equal(await destination("Paris", { method: "PUT" }), "Paris");
  assert.equal(await destination("http://evil/b", {}, { rewriteLocation: false }), "http://evil/b");
});

test("If: resource tags are rewritten, state tokens and entity tags are not", async () => {
  const given = '<http://front/site/dav/b> (<urn:uuid:1> ["<http://front/site/dav/b>"]) ' +
    "<http://evil/c> (Not <DAV:no-lock>)";
  const fields = await sentFields({ if: given }, { method: "PUT" });
  assert.ok(typeof fields === "object");
  assert.equal(
    fields["if"],
    '<http://up:5001/app/b> (<urn:uuid:1> ["<http://front/site/dav/b>"]) ' +
      "<http://evil/c> (Not <DAV:no-lock>)",
  );
});

test("a mirror gets its own Destination, and no request that is refused", async () => {
  const transport = new FakeTransport();
  const app = proxy({
    "/dav": { target: "http://up/app", mirror: mirrorTo("http://mirror/") },
  }, { transport, ...quiet, onError: () => {} })(notFound);
  const ask = async (destination: string): Promise<readonly string[]> => {
    transport.sent.length = 0;
    await app(received({ destination }, { method: "MOVE", url: "http://front/dav/a" }));
    await settle();
    return transport.sent.map(({ fields }) => String(new Map(fields).get("destination")))
      .toSorted();
  };
  assert.deepEqual(await ask("/dav/b"), ["http://mirror/dav/b", "http://up/app/dav/b"]);
  assert.deepEqual(await ask("/private"), []);
});

test("rewriteOrigin changes only the site's own Origin", async () => {
  const origin = async (
    value: string,
    target: Target = {},
    options: ProxyOptions = {},
    more: Record<string, string> = {},
  ): Promise<unknown> => {
    const fields = await sentFields(
      { origin: value, ...more },
      { method: "POST" },
      target,
      options,
    );
    return typeof fields === "number" ? fields : fields["origin"];
  };
  const asked = { rewriteOrigin: true };
  assert.equal(await origin("http://front"), "http://front");
  assert.equal(await origin("http://front", asked), "http://up:5001");
  assert.equal(await origin("http://front", { ...asked, host: null }), "http://front");
  for (
    const other of ["http://evil", "https://front", "http://front:81", "null", "http://front/"]
  ) {
    assert.equal(await origin(other, asked), other);
  }
  const trusted = { clientAddress: () => "10.0.0.1", trustedProxies: ["10.0.0.1"] };
  const told1 = { "x-forwarded-proto": "https", "x-forwarded-host": "public.example" };
  assert.equal(
    await origin("https://public.example", asked, trusted, told1),
    "http://up:5001",
  );
  assert.equal(
    await origin("https://public.example", asked, {}, told1),
    "https://public.example",
  );
});
