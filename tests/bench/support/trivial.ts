/** The handler that the hosts serve. */

export const bytes: Uint8Array<ArrayBuffer> = new TextEncoder().encode("handwerk".repeat(128));

export const fields: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "public, max-age=3600",
  etag: '"abcdef0123456789"',
  "x-content-type-options": "nosniff",
};
export const names = ["accept", "accept-encoding", "cookie", "user-agent"];

type Make = new (
  body?: Uint8Array<ArrayBuffer> | ReadableStream | string,
  init?: ResponseInit,
) => Response;

/** Makes the handler; some hosts have a `Response` of their own. */
export const trivial =
  (Made: Make = Response) => (request: Request): Response | Promise<Response> => {
    const { url } = request;
    if (url.endsWith("/bytes")) return new Made(bytes, { headers: fields });
    if (url.endsWith("/fields")) {
      const length = names.reduce((sum, name) => sum + (request.headers.get(name)?.length ?? 0), 0);
      return new Made(bytes, { headers: { ...fields, "x-length": `${request.method} ${length}` } });
    }
    if (url.endsWith("/promise")) {
      return Promise.resolve().then(() => new Made(bytes, { headers: fields }));
    }
    if (url.endsWith("/stream")) {
      let left = 64;
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => left-- > 0 ? controller.enqueue(bytes) : controller.close(),
      });
      return new Made(stream, { headers: fields });
    }
    return request.arrayBuffer().then((content) => new Made(String(content.byteLength)));
  };
