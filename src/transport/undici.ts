/**
 * Requests over undici's `Agent`.
 *
 * @module
 */
import type { Connection, OutgoingRequest, Transport } from "./transport.ts";
import { unwrap } from "../host/push_body.ts";
import type { PushBody } from "../host/types.ts";
import { requestTarget } from "./spelling.ts";
import { builtin } from "../runtime.ts";
import { type Connect, connector } from "./node_connect.ts";
import { hideContinue } from "./undici_continue.ts";
import { asError } from "./pushed_response.ts";
import { DispatchHandler, requestWritten } from "./undici_response.ts";

type Readable = import("node:stream").Readable;

/** The part of undici's `Agent` that is used here; the same in undici 7 and 8. */
export interface AgentConstructor {
  new (options: Readonly<Record<string, unknown>>): Agent;
}
interface Agent {
  dispatch(options: Readonly<Record<string, unknown>>, handler: DispatchHandler): boolean;
}

const PLAIN: Connection = {};

/** Sends over one agent for each target, which keeps connections for the next request. */
export function undiciSend(Agent: AgentConstructor): Transport["send"] {
  const agents = new WeakMap<Connection, Agent>();
  const agentOf = (connection: Connection): Agent => {
    const known = agents.get(connection);
    if (known) return known;
    const agent = new Agent({
      // The proxy has its own timers, which know what they are for.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      allowH2: false, // see node_http2.ts
      connect: plainConnector(connection),
    });
    agents.set(connection, agent);
    return agent;
  };
  return (request) =>
    new Promise((resolve, reject) => {
      const agent = agentOf(request.connection ?? PLAIN);
      agent.dispatch(dispatchOptions(request), new DispatchHandler(request, resolve, reject));
    });
}

/** Connections on which undici finds nothing that it does not know. */
function plainConnector(connection: Connection): Connect {
  const connect = connector({ ...connection, http2: false });
  return (where, callback) =>
    connect(where, (error, socket) => {
      if (socket) hideContinue(socket, (isFirst) => requestWritten(socket, isFirst));
      callback(error, socket);
    });
}

function dispatchOptions(
  { url, method, host, fields, body }: OutgoingRequest,
): Record<string, unknown> {
  const flow = body && unwrap(body);
  const { origin } = url;
  const headers = ["host", host];
  for (const [name, value] of fields) headers.push(name, value);
  return {
    origin,
    path: requestTarget(url, origin),
    method,
    headers,
    body: flow ? readable(flow) : body,
    // Undici would make a new connection for each Host field; the connector knows the real name.
    servername: url.hostname,
  };
}

/** Content as a stream of Node's, which undici takes without one of the web in between. */
function readable(flow: PushBody): Readable {
  let [begun, ended] = [false, false];
  const stream: Readable = new (builtin("node:stream").Readable)({
    read() {
      if (begun) return flow.resume();
      begun = true;
      flow.start({
        write: (chunk) => this.push(chunk),
        end: () => {
          ended = true;
          this.push(null);
        },
        fail: (error) => void this.destroy(asError(error)),
      });
    },
    destroy(error, done) {
      if (!ended) flow.cancel(error);
      done(error);
    },
  });
  // Undici listens only for as long as the request is under way; later, it would end the process.
  return stream.on("error", () => {});
}
