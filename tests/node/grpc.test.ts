/** gRPC from a real client through the proxy to a real server, over HTTP/2. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { proxyTo } from "handwerk";
import { type RunningServer, serve } from "handwerk/node";
import { ca, tls } from "../support/http2.ts";

type Callback = (error: Failure | null, value?: string, trailer?: Metadata) => void;
interface Failure {
  readonly code: number;
  readonly details: string;
}
interface Metadata {
  set(name: string, value: string): void;
  get(name: string): readonly unknown[];
}
/** A call, on either side. */
interface Call extends AsyncIterable<string> {
  readonly request: string;
  readonly metadata: Metadata;
  write(part: string): void;
  end(): void;
  cancel(): void;
  emit(event: "error", error: Failure): void;
  on(event: "data" | "end", listener: (part: string) => void): this;
  once(event: "data", listener: (part: string) => void): this;
  once(event: "error", listener: (error: Failure) => void): this;
  once(event: "status", listener: (status: { code: number; metadata: Metadata }) => void): this;
}
type Ask = (path: string, write: typeof bytes, read: typeof text, ...rest: unknown[]) => Call;
interface Client {
  readonly makeUnaryRequest: Ask;
  readonly makeClientStreamRequest: Ask;
  readonly makeServerStreamRequest: Ask;
  readonly makeBidiStreamRequest: Ask;
  close(): void;
}
interface Server {
  addService(service: object, implementation: object): void;
  bindAsync(
    address: string,
    credentials: object,
    done: (error: Error | null, port: number) => void,
  ): void;
  forceShutdown(): void;
}
/** The part of the library that these tests use. */
interface Grpc {
  readonly Client: new (address: string, credentials: object) => Client;
  readonly Server: new () => Server;
  readonly Metadata: new () => Metadata;
  readonly credentials: { createSsl(this: void, ca: Buffer): object };
  readonly ServerCredentials: { createInsecure(this: void): object };
  readonly status: Readonly<Record<string, number>>;
}
const grpc = createRequire(import.meta.url)("@grpc/grpc-js") as Grpc;
const { status } = grpc;

const bytes = (text: string): Buffer => Buffer.from(text);
const text = (buffer: Buffer): string => buffer.toString();
const method = (
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): Record<string, unknown> & { readonly path: string } => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: text,
  responseSerialize: bytes,
  responseDeserialize: text,
});
const service = {
  unary: method("unary", false, false),
  upload: method("upload", true, false),
  download: method("download", false, true),
  talk: method("talk", true, true),
};
const { path } = service.unary;

const implementation = {
  unary({ request, metadata }: Call, done: Callback) {
    if (request === "fail") {
      return done({ code: status["NOT_FOUND"] as number, details: "nothing: café" });
    }
    const trailer = new grpc.Metadata();
    trailer.set("x-sum", String(metadata.get("x-given")[0]));
    done(null, request, trailer);
  },
  async upload(call: Call, done: Callback) {
    let size = 0;
    for await (const part of call) size += part.length;
    done(null, String(size));
  },
  download(call: Call) {
    const count = Number(call.request);
    for (let i = 0; i < count; i++) call.write("x".repeat(10_000));
    if (count !== 13) call.end();
    else call.emit("error", { code: status["DATA_LOSS"] as number, details: "lost" });
  },
  talk(call: Call) {
    call.on("data", (part) => call.write(`re: ${part}`)).on("end", () => call.end());
  },
};

let [upstream, front]: [Server?, RunningServer?] = [];
let client: Client;
before(async () => {
  upstream = new grpc.Server();
  upstream.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) =>
    upstream?.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error, bound) => error ? reject(error) : resolve(bound),
    )
  );
  const app = proxyTo({ target: `http://127.0.0.1:${port}`, http2: "prior knowledge" });
  front = await serve({
    fetch: app,
    port: 0,
    hostname: "127.0.0.1",
    tls,
    http2: true,
  });
  client = new grpc.Client(`localhost:${front.port}`, grpc.credentials.createSsl(Buffer.from(ca)));
});
after(async () => {
  client.close();
  await front?.close(true);
  upstream?.forceShutdown();
});

test("gRPC: a unary call, with metadata in fields and trailer fields", async () => {
  const metadata = new grpc.Metadata();
  metadata.set("x-given", "7");
  let sum: unknown;
  const answer = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      bytes,
      text,
      "hello",
      metadata,
      {},
      ((error, value) => error ? reject(error) : resolve(value)) satisfies Callback,
    )
      .once("status", ({ metadata: trailer }) => (sum = trailer.get("x-sum")[0]));
  });
  assert.equal(answer, "hello");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sum, "7");
});

test("gRPC: an error, also in a response of trailer fields alone", async () => {
  const failing = new Promise<Failure | null>((resolve) => {
    client.makeUnaryRequest(path, bytes, text, "fail", resolve);
  });
  const error = await failing;
  assert.deepEqual([error?.code, error?.details], [status["NOT_FOUND"], "nothing: café"]);
  const unknown = await new Promise<Failure | null>((resolve) => {
    client.makeUnaryRequest("/test.Echo/no", bytes, text, "", resolve);
  });
  assert.equal(unknown?.code, status["UNIMPLEMENTED"]);
});

test("gRPC: a stream of requests", async () => {
  const answer = await new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      service.upload.path,
      bytes,
      text,
      ((error, value) => error ? reject(error) : resolve(value)) satisfies Callback,
    );
    for (let i = 0; i < 50; i++) call.write("x".repeat(10_000));
    call.end();
  });
  assert.equal(answer, "500000");
});

test("gRPC: a stream of responses, complete for a slow client, and with its error", async () => {
  const download = (count: number): Call =>
    client.makeServerStreamRequest(
      service.download.path,
      bytes,
      text,
      String(count),
    );
  let size = 0;
  for await (const part of download(50)) {
    size += part.length;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(size, 500_000);
  await assert.rejects(
    async () => {
      for await (const _ of download(13));
    },
    { code: status["DATA_LOSS"], details: "lost" },
  );
});

test("gRPC: a bidirectional stream", async () => {
  const call = client.makeBidiStreamRequest(
    service.talk.path,
    bytes,
    text,
  );
  const heard: string[] = [];
  for (const part of ["one", "two", "three"]) {
    const next = new Promise<string>((resolve) => call.once("data", resolve));
    call.write(part);
    heard.push(await next);
  }
  call.end();
  const ended = await new Promise<{ code: number }>((resolve) => call.once("status", resolve));
  assert.deepEqual([heard, ended.code], [["re: one", "re: two", "re: three"], status["OK"]]);
});

test("gRPC: a cancelled call is cancelled upstream", async () => {
  const call = client.makeBidiStreamRequest(
    service.talk.path,
    bytes,
    text,
  );
  const first = new Promise((resolve) => call.once("data", resolve));
  call.write("one");
  await first;
  const failed = new Promise<Failure>((resolve) => call.once("error", resolve));
  call.cancel();
  assert.equal((await failed).code, status["CANCELLED"]);
});
