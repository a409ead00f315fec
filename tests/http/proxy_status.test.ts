import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isProxyErrorType, proxyStatus, statusOf } from "../../src/http/proxy_status.ts";

test("Proxy-Status is an item with parameters", () => {
  assert.equal(proxyStatus("gate", {}), "gate");
  assert.equal(
    proxyStatus("gate", { error: "connection_refused", "received-status": undefined }),
    "gate; error=connection_refused",
  );
  assert.equal(
    proxyStatus("1st gate", { error: "http_protocol_error", "received-status": 407 }),
    '"1st gate"; error=http_protocol_error; received-status=407',
  );
  assert.equal(proxyStatus('a"\\b', {}), '"a\\"\\\\b"');
});

test("types have the statuses that RFC 9209 recommends", () => {
  for (
    const [type, status] of [
      ["dns_timeout", 504],
      ["dns_error", 502],
      ["destination_unavailable", 503],
      ["connection_refused", 502],
      ["connection_timeout", 504],
      ["connection_read_timeout", 504],
      ["connection_limit_reached", 503],
      ["tls_certificate_error", 502],
      ["http_response_timeout", 504],
      ["http_request_denied", 403],
      ["proxy_internal_error", 500],
      ["proxy_loop_detected", 502],
      [undefined, 502],
    ] as const
  ) assert.equal(statusOf(type), status);
  for (const value of ["", "toString", "__proto__", undefined, 502]) {
    assert.ok(!isProxyErrorType(value));
  }
});

/** A reader of bare items, after RFC 8941 §4.2.5 and §4.2.6. */
function read(item: string): { name: string; rest: string } {
  if (!item.startsWith('"')) {
    const [name = ""] = /^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/.exec(item) ?? [];
    return { name, rest: item.slice(name.length) };
  }
  let name = "";
  for (let at = 1; at < item.length; at++) {
    if (item[at] === '"') return { name, rest: item.slice(at + 1) };
    if (item[at] === "\\") at++;
    name += item[at];
  }
  throw new Error("no end");
}

test("any name of ASCII is read as it was written, and cannot add a parameter", () => {
  const name = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });
  fc.assert(fc.property(name, (name) => {
    const written = proxyStatus(name, { error: "dns_error" });
    assert.deepEqual(read(written), { name, rest: "; error=dns_error" });
  }));
});
