/** The fields that a mirror gets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type MirrorTarget, proxyTo, type TargetOptions } from "handwerk";
import { mirrorTo } from "handwerk/upstreams";
import { settle } from "../support/fake_clock.ts";
import { FakeTransport } from "../support/fake_transport.ts";
import { quiet, received } from "../support/proxying.ts";

const given = {
  authorization: "Bearer client",
  cookie: "session=1",
  referer: "http://front/secret",
  "x-internal": "1",
  "x-kept": "1",
};

/** The fields that are sent to the target and to the mirror. */
async function sentTo(
  target: Omit<TargetOptions, "target" | "mirror">,
  mirror: MirrorTarget,
): Promise<Record<string, Record<string, string>>> {
  const transport = new FakeTransport();
  const app = proxyTo({ target: "http://up", ...target, mirror: mirrorTo(mirror) }, {
    transport,
    ...quiet,
  });
  await app(received(given));
  await settle();
  return Object.fromEntries(
    transport.sent.map(({ url, fields }) => [url.host, Object.fromEntries(fields)]),
  );
}

test("mirror: gets no credentials that the target does not get", async () => {
  const { authorization: _a, cookie: _c, ...others } = given;
  for (const mirror of ["http://mirror", { target: "http://mirror" }]) {
    assert.deepEqual(await sentTo({ credentials: false }, mirror), { up: others, mirror: others });
  }
  assert.deepEqual(
    await sentTo({ credentials: false }, { target: "http://mirror", credentials: true }),
    { up: others, mirror: given },
  );
  assert.deepEqual(await sentTo({}, { target: "http://mirror", credentials: false }), {
    up: given,
    mirror: others,
  });
});

test("mirror: gets no field that the target removes", async () => {
  const { referer: _r, "x-internal": _x, ...others } = given;
  const removeHeaders = ["referer", "x-internal*"];
  assert.deepEqual(await sentTo({ removeHeaders }, "http://mirror"), {
    up: others,
    mirror: others,
  });
  assert.deepEqual(
    await sentTo({ removeHeaders }, { target: "http://mirror", removeHeaders: ["X-Internal"] }),
    { up: others, mirror: { ...others, referer: given.referer } },
  );
});

test("mirror: a field that the target sets is sent with neither value", async () => {
  const { authorization: _a, ...others } = given;
  const headers = { authorization: "Bearer proxy" };
  const up = { ...others, ...headers };
  assert.deepEqual(await sentTo({ headers }, "http://mirror"), { up, mirror: others });
  assert.deepEqual(
    await sentTo({ headers }, {
      target: "http://mirror",
      headers: { authorization: "Bearer mirror" },
    }),
    { up, mirror: { ...others, authorization: "Bearer mirror" } },
  );
  assert.deepEqual(await sentTo({ headers }, { target: "http://mirror", removeHeaders: [] }), {
    up,
    mirror: given,
  });
});
