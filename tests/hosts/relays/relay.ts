/** The handler under test on each host: a proxy, mounted, in front of `UPSTREAM`. */
import { compose, dispatch, type Handler, notFound, proxy } from "handwerk";

export function relayTo(upstream: string): Handler {
  const live = proxy({ "/": { target: upstream } }, { onError: () => {} })(notFound);
  const strange = proxy({
    "/": { target: upstream, credentials: false },
  }, { onError: () => {} })(notFound);
  const brief = proxy({ "/": upstream }, { onError: () => {}, timeout: { tunnel: 300 } })(
    notFound,
  );
  return compose(dispatch({ "/live": live, "/strange": strange, "/brief": brief }))(notFound);
}
