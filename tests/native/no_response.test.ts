/** Handlers that return no response, on each runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compose, dispatch, type Handler, notFound, proxyTo, serveStatic } from "handwerk";
import { serving } from "../support/real_host.ts";

const forgetful = (() => {}) as unknown as Handler;
const careless = (() => Promise.resolve({ status: 200 })) as unknown as Handler;
const apps: Readonly<Record<string, Handler>> = {
  mounted: dispatch({ "/": forgetful })(notFound),
  innermost: compose(serveStatic({}), dispatch({}))(careless),
  "with its own URL": dispatch({ "/": forgetful }, { removePrefix: false })(notFound),
};
for (const [name, app] of Object.entries(apps)) {
  test(`no response: the error names the handler: ${name}`, async () => {
    // The error itself would fail the test on Bun, whose host reports it to the runner.
    const reporting: Handler = async (request, ...args) => {
      try {
        return await app(request, ...args);
      } catch (error) {
        return new Response(String(error), { status: 500 });
      }
    };
    const host = await serving(reporting);
    try {
      const response = await fetch(`http://127.0.0.1:${host.port}/`);
      assert.match(
        await response.text(),
        /^TypeError: the handler returned .*; return a Response$/,
      );
      assert.equal(response.status, 500);
    } finally {
      await host.close();
    }
  });
}

test("no response: of a target is a 502, and onError gets the reason", async () => {
  const errors: unknown[] = [];
  const app = proxyTo(forgetful, { onError: (error) => errors.push(error) });
  const response = await app(new Request("http://front/"));
  assert.equal(response.status, 502);
  assert.match(String(errors[0]), /TypeError: proxy: the handler of a target returned undefined/);
});
