/** On Cloudflare Workers, with options that have content pass through JavaScript. */
import { dispatch, type Handler, notFound, proxyTo } from "handwerk";
import { mirrorTo } from "handwerk/upstreams";

/** A consumer that wants no more than the beginning. */
const beginning = (inner: Handler): Handler => async (request) => {
  const reader = (await inner(request)).body?.getReader();
  const { value } = await reader?.read() ?? {};
  // The next is waited for when it is cancelled.
  void reader?.read().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader?.cancel();
  return new Response(value);
};

export default {
  fetch(request: Request, env: { readonly UPSTREAM: string }): Response | Promise<Response> {
    const patient = proxyTo(env.UPSTREAM, { onError: () => {}, timeout: { idle: 60_000 } });
    const hasty = proxyTo(env.UPSTREAM, { onError: () => {}, timeout: { idle: 100 } });
    const several = proxyTo([env.UPSTREAM, env.UPSTREAM], { onError: () => {} });
    const nowhere: Handler = () => new Response();
    const mirrored = proxyTo({ target: env.UPSTREAM, mirror: mirrorTo(nowhere) }, {
      onError: () => {},
    });
    const mounts = {
      "/patient": patient,
      "/hasty": hasty,
      "/several": several,
      "/mirrored": mirrored,
      "/beginning": beginning(patient),
    };
    return dispatch(mounts)(notFound)(request);
  },
};
