/** On Cloudflare Workers. */
import { relayTo } from "./relay.ts";

export default {
  fetch: (request: Request, env: { readonly UPSTREAM: string }): Response | Promise<Response> =>
    relayTo(env.UPSTREAM)(request),
};
