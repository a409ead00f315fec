/** A Worker that others are bound to. */
interface Pair {
  readonly 0: WebSocket;
  readonly 1: WebSocket & { accept(): void };
}

export default {
  fetch(request: Request, env: { readonly UPSTREAM: string }): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/look":
        return Response.json({
          url: request.url,
          method: request.method,
          fields: Object.fromEntries(request.headers),
        });
      case "/echo":
        return new Response(request.body);
      case "/throw":
        throw new Error("the inside");
      case "/socket":
        return socket(request);
      default:
        return fetch(new Request(env.UPSTREAM, request));
    }
  },
};

function socket(request: Request): Response {
  if (request.headers.get("upgrade") !== "websocket") return new Response("no", { status: 426 });
  const { WebSocketPair } = globalThis as unknown as { WebSocketPair: new () => Pair };
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.addEventListener("message", ({ data }) => {
    if (data === "close") server.close(4001, "as asked");
    else server.send(data as string | ArrayBuffer);
  });
  const init = {
    status: 101,
    headers: { "sec-websocket-protocol": "b" },
    webSocket: client,
  };
  return new Response(null, init);
}
