/** Requests to upgrade a connection (RFC 9110 §7.8), and the answers to them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agrees } from "../../src/transport/websocket/handshake.ts";
import {
  agreesTo,
  announcesContent,
  contentLength,
  upgradeProtocol,
} from "../../src/http/upgrade.ts";

/** Headers as a host makes them, also of what a client of fetch may not set. */
function fields(init: Record<string, string>): Headers {
  const map = new Map(Object.entries(init));
  return {
    get: (name: string) => map.get(name) ?? null,
    has: (name: string) => map.has(name),
  } as unknown as Headers;
}

test("an upgrade is a GET or POST whose Connection names the field, to one protocol", () => {
  const cases: readonly (readonly [string, string | undefined, string, string | undefined])[] = [
    ["GET", "Upgrade", "websocket", "websocket"],
    ["GET", "keep-alive, UPGRADE", "WebSocket", "websocket"],
    ["GET", "upgrade", "my-protocol/1.0", "my-protocol/1.0"],
    ["GET", undefined, "websocket", "websocket"], // Workers do not show Connection
    ["GET", undefined, "other", undefined],
    ["GET", "keep-alive", "websocket", undefined],
    ["GET", "upgraded", "websocket", undefined],
    ["POST", "upgrade", "websocket", undefined],
    ["POST", "Upgrade", "tcp", "tcp"],
    ["POST", "Upgrade", "SPDY/3.1", "spdy/3.1"],
    ["PUT", "Upgrade", "tcp", undefined],
    ["get", "upgrade", "websocket", undefined],
    ["GET", "upgrade", "websocket, other", undefined],
    ["GET", "upgrade", "", undefined],
    ["GET", "upgrade", "a b", undefined],
    ["GET", "upgrade", "h2c", undefined],
    ["GET", "upgrade", "H2C", undefined],
    ["GET", "upgrade", "HTTP/2.0", undefined],
    ["GET", "upgrade", "TLS/1.0", undefined],
  ];
  for (const [method, connection, upgrade, expected] of cases) {
    const headers = fields({ upgrade, ...(connection === undefined ? {} : { connection }) });
    assert.equal(upgradeProtocol(method, headers), expected, `${method} ${connection} ${upgrade}`);
  }
});

test("content is announced by its length or by a coding", () => {
  assert.equal(announcesContent(fields({})), false);
  assert.equal(announcesContent(fields({ "content-length": "0" })), false);
  for (const length of ["1", "0, 5", "", "x", "+0"]) {
    assert.equal(announcesContent(fields({ "content-length": length })), true, length);
  }
  assert.equal(announcesContent(fields({ "transfer-encoding": "" })), true);
});

test("a POST to upgrade may have content of a short length that is known, and nothing else any", () => {
  const cases: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
    ["GET", {}, 0],
    ["POST", {}, 0],
    ["POST", { "content-length": "0" }, 0],
    ["POST", { "content-length": "28" }, 28],
    ["POST", { "content-length": "028" }, 28],
    ["POST", { "content-length": "65536" }, 65_536],
    ["POST", { "content-length": "65537" }, undefined],
    ["POST", { "content-length": "9".repeat(400) }, undefined],
    ["POST", { "content-length": "28, 28" }, undefined],
    ["POST", { "content-length": "28", "transfer-encoding": "chunked" }, undefined],
    ["POST", { "content-length": "0", "transfer-encoding": "chunked" }, undefined],
    ["POST", { "content-length": "28", expect: "100-continue" }, undefined],
    ["GET", { "content-length": "28" }, undefined],
    ["PUT", { "content-length": "28" }, undefined],
    ...["-1", "+1", "1.5", "1e3", "0x1", "", " "].map((length) =>
      ["POST", { "content-length": length }, undefined] as const
    ),
  ];
  for (const [method, init, expected] of cases) {
    const text = `${method} ${JSON.stringify(init)}`;
    assert.equal(contentLength(method, fields(init)), expected, text);
    const headers = fields({ ...init, connection: "upgrade", upgrade: "tcp" });
    const upgraded = method === "GET" || (method === "POST" && expected !== undefined);
    assert.equal(upgradeProtocol(method, headers), upgraded ? "tcp" : undefined, text);
    assert.equal(
      upgradeProtocol(method, fields({ ...init, connection: "upgrade", upgrade: "websocket" })),
      method === "GET" ? "websocket" : undefined,
      text,
    );
  }
});

test("an upstream agrees to the protocol that was asked for, and says so once", () => {
  assert.ok(agreesTo("websocket", [["Upgrade", " WebSocket"]]));
  assert.ok(!agreesTo("websocket", []));
  assert.ok(!agreesTo("websocket", [["upgrade", "h2c"]]));
  assert.ok(!agreesTo("websocket", [["upgrade", "websocket"], ["upgrade", "websocket"]]));
  assert.ok(!agreesTo("websocket", [["upgrade", "websocket, h2c"]]));
});

test("a handshake is the one that was asked for", async () => {
  // The example of RFC 6455 §1.3.
  const accept = ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] as const;
  const asked = new Headers({
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol": "a,b",
  });
  assert.ok(await agrees(asked, [accept]));
  assert.ok(await agrees(asked, [accept, ["sec-websocket-protocol", "b"]]));
  assert.ok(!await agrees(asked, []));
  assert.ok(!await agrees(asked, [accept, accept]));
  assert.ok(!await agrees(asked, [["sec-websocket-accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="]]));
  assert.ok(!await agrees(asked, [accept, ["sec-websocket-protocol", "c"]]));
  assert.ok(!await agrees(asked, [accept, ["sec-websocket-protocol", "a, b"]]));
  assert.ok(!await agrees(asked, [accept, ["sec-websocket-extensions", "permessage-deflate"]]));
});
