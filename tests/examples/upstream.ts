/** The upstream of the site. It is a handler, too, and served beside the site. */

export function upstream(request: Request): Response {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/time":
      return Response.json({ time: new Date().toISOString() });
    case "/stream":
      return new Response(ticks(3), { headers: { "content-type": "text/event-stream" } });
    case "/elsewhere":
      return new Response(null, { status: 302, headers: { location: "/api/time" } });
    case "/echo":
      return new Response(request.body, {
        headers: { "x-method": request.method, "x-seen": [...request.headers.keys()].join(" ") },
      });
    default:
      return new Response("The upstream has no such page", { status: 404 });
  }
}

/** One server-sent event every tenth of a second. */
function ticks(count: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      controller.enqueue(new TextEncoder().encode(`data: tick ${++sent}\n\n`));
      if (sent === count) controller.close();
    },
  });
}
