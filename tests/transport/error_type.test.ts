/** Errors as the runtimes word them, in the words of RFC 9209. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyTo } from "handwerk";
import { ProxyError } from "../../src/proxy/errors.ts";
import { errorType } from "../../src/transport/transport.ts";
import { FakeTransport } from "../support/fake_transport.ts";

const coded = (code: string, message = ""): Error => Object.assign(new Error(message), { code });
const errors: readonly (readonly [unknown, string | undefined, number])[] = [
  [
    new Error("Response does not match the HTTP/1.1 protocol (Invalid header value char)"),
    "http_protocol_error",
    502,
  ],
  [coded("UND_ERR_RES_CONTENT_LENGTH_MISMATCH"), "http_protocol_error", 502],
  [
    coded("InvalidContentLength", 'InvalidContentLength fetching "http://a/"'),
    "http_protocol_error",
    502,
  ],
  [coded("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:9"), "connection_refused", 502],
  [new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "connection_refused", 502],
  [new Error("connection lost", { cause: coded("ENOTFOUND") }), "dns_error", 502],
  [
    new TypeError(
      "error sending request for url (http://a/): client error (Connect): tcp connect error: Connection refused (os error 111)",
    ),
    "connection_refused",
    502,
  ],
  [
    coded("ConnectionRefused", "Unable to connect. Is the computer able to access the url?"),
    "connection_refused",
    502,
  ],
  [coded("ENOTFOUND", "getaddrinfo ENOTFOUND up"), "dns_error", 502],
  [
    new TypeError("error sending request: dns error: failed to lookup address information"),
    "dns_error",
    502,
  ],
  [coded("EAI_AGAIN", "getaddrinfo EAI_AGAIN up"), "dns_timeout", 504],
  [coded("ECONNRESET", "read ECONNRESET"), "connection_terminated", 502],
  [coded("UND_ERR_SOCKET", "other side closed"), "connection_terminated", 502],
  [coded("ECONNRESET", "socket hang up"), "connection_terminated", 502],
  [new TypeError("connection closed before message completed"), "connection_terminated", 502],
  [new Error("Network connection lost."), "connection_terminated", 502],
  [coded("ETIMEDOUT", "connect ETIMEDOUT"), "connection_timeout", 504],
  [coded("UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error"), "connection_timeout", 504],
  [coded("EHOSTUNREACH"), "destination_ip_unroutable", 502],
  [coded("ENOENT", "connect ENOENT /run/up.sock"), "destination_unavailable", 503],
  [coded("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"), "tls_certificate_error", 502],
  [coded("ERR_TLS_CERT_ALTNAME_INVALID"), "tls_certificate_error", 502],
  [coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "tls_certificate_error", 502],
  [new TypeError("invalid peer certificate: UnknownIssuer"), "tls_certificate_error", 502],
  [coded("EPROTO", "ssl3_get_record:wrong version number"), "tls_protocol_error", 502],
  [
    coded("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "tlsv1 alert internal error"),
    "tls_alert_received",
    502,
  ],
  [
    coded("UND_ERR_HEADERS_OVERFLOW", "Headers Overflow Error"),
    "http_response_header_section_size",
    502,
  ],
  [
    coded("HPE_HEADER_OVERFLOW", "Parse Error: Header overflow"),
    "http_response_header_section_size",
    502,
  ],
  [coded("HPE_INVALID_CONSTANT", "Parse Error: Expected HTTP/"), "http_protocol_error", 502],
  [coded("UND_ERR_HEADERS_TIMEOUT"), "http_response_timeout", 504],
  [new ProxyError("connection_limit_reached", "ECONNREFUSED"), "connection_limit_reached", 503],
  [Object.assign(new Error("x"), { type: "toString" }), undefined, 502],
  [
    new TypeError("error sending request for url (http://up/alert-dns-ECONNREFUSED)"),
    undefined,
    502,
  ],
  [new Error("something else"), undefined, 502],
  ["no error", undefined, 502],
  [undefined, undefined, 502],
];
for (const [error, type, status] of errors) {
  test(`${String(error)} is ${type}: ${status}`, async () => {
    assert.equal(errorType(error), type);
    const transport = new FakeTransport(() => Promise.reject(error));
    const seen: unknown[] = [];
    const app = proxyTo("http://up", { transport, via: "gate", onError: (e) => void seen.push(e) });
    const response = await app(new Request("http://front/"));
    assert.equal(response.status, status);
    assert.equal(response.headers.get("proxy-status"), type ? `gate; error=${type}` : "gate");
    assert.match(await response.text(), /^(?:Bad Gateway|Gateway Timeout|Service Unavailable)$/);
    assert.deepEqual(seen, [error]);
  });
}

test("a Retry-After of an error is sent", async () => {
  const error = Object.assign(new Error("full"), {
    type: "connection_limit_reached",
    retryAfter: 3,
  });
  const transport = new FakeTransport(() => Promise.reject(error));
  const app = proxyTo("http://up", { transport, onError: () => {} });
  const response = await app(new Request("http://front/"));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "3");
});

test("error types: a circle of causes ends", () => {
  const error = new Error("round");
  error.cause = error;
  assert.equal(errorType(error), undefined);
});
