/**
 * The `Proxy-Status` header, in which a proxy says how it handled a request (RFC 9209).
 *
 * @module
 */

/** The types of errors, and the status that RFC 9209 §2.3 recommends for each. */
const RECOMMENDED = {
  dns_timeout: 504,
  dns_error: 502,
  destination_not_found: 500,
  destination_unavailable: 503,
  destination_ip_prohibited: 502,
  destination_ip_unroutable: 502,
  connection_refused: 502,
  connection_terminated: 502,
  connection_timeout: 504,
  connection_read_timeout: 504,
  connection_write_timeout: 504,
  connection_limit_reached: 503,
  tls_protocol_error: 502,
  tls_certificate_error: 502,
  tls_alert_received: 502,
  http_request_error: 400,
  http_request_denied: 403,
  http_response_incomplete: 502,
  http_response_header_section_size: 502,
  http_response_header_size: 502,
  http_response_body_size: 502,
  http_response_trailer_section_size: 502,
  http_response_trailer_size: 502,
  http_response_transfer_coding: 502,
  http_response_content_coding: 502,
  http_response_timeout: 504,
  http_upgrade_failed: 502,
  http_protocol_error: 502,
  proxy_internal_response: 200,
  proxy_internal_error: 500,
  proxy_configuration_error: 500,
  proxy_loop_detected: 502,
};

/** A type of error that RFC 9209 §2.3 registers. */
export type ProxyErrorType = keyof typeof RECOMMENDED;

/** Whether the value is a type of error. */
export function isProxyErrorType(value: unknown): value is ProxyErrorType {
  return typeof value === "string" && Object.hasOwn(RECOMMENDED, value);
}

/** The status of the response to an error; 502 if its type is not known. */
export function statusOf(type: ProxyErrorType | undefined): number {
  return type === undefined ? 502 : RECOMMENDED[type];
}

/**
 * Writes the field of one intermediary, an item with parameters (RFC 8941 §3.3, RFC 9209 §2).
 *
 * @param name The name of the intermediary; ASCII.
 * @param parameters Tokens and integers by name; `undefined` values are left out.
 */
export function proxyStatus(
  name: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const written = Object.entries(parameters)
    .flatMap(([key, value]) => value === undefined ? [] : `; ${key}=${value}`);
  return bareItem(name) + written.join("");
}

/** A token where it can be one, else a string (RFC 8941 §3.3.3, §3.3.4). */
function bareItem(name: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*$/.test(name)) return name;
  return `"${name.replaceAll(/[\\"]/g, "\\$&")}"`;
}
