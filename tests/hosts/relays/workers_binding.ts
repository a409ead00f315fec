/** On Cloudflare Workers, in front of another Worker. */
import { type AnyHandler, dispatch, type Fetcher, type Handler, notFound, proxyTo } from "handwerk";

export default {
  fetch(
    request: Request,
    env: { readonly SERVICE: Fetcher },
    ctx: object,
  ): Response | Promise<Response> {
    const options = { via: "gate", onError: () => {} };
    return dispatch({
      "/bound": proxyTo(env.SERVICE, options),
      "/named": proxyTo({ target: env.SERVICE, host: "virtual.example" }, options),
      "/hasty": proxyTo(env.SERVICE, { ...options, timeout: 100 }),
      // What the handler has from the binding, the runtime decodes.
      "/handler": proxyTo((request) => env.SERVICE.fetch(request), options),
      "/undecoded": proxyTo(async (request) => {
        const binding: { fetch(request: Request, init: object): Response | Promise<Response> } =
          env.SERVICE;
        const response = await binding.fetch(request, { encodeResponseBody: "manual" });
        return new Response(response.body, response);
      }, options),
      "/guarded": proxyTo(env.SERVICE, { ...options, timeout: { idle: 60_000 } }),
      // With `method`, `env` would be taken for options of the binding's `fetch`.
      "/mounted": env.SERVICE,
    })(notFound as AnyHandler as Handler<readonly [object, object]>)(
      request,
      { ...env, method: "DELETE" },
      ctx,
    );
  },
};
