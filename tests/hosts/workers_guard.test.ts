/** Content that is watched on its way through a Worker: it keeps its length, and is cut when it is. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, test } from "node:test";
import { until } from "../support/host.ts";
import { type Host, startWorker } from "../support/hosts.ts";
import { type Connection, type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

let host: Host;
let upstream: RawUpstream;
before(async () => {
  upstream = await rawUpstream();
  host = await startWorker("tests/hosts/relays/workers_guarded.ts", upstream.url);
});
after(async () => {
  upstream.close();
  await host.stop();
});
let current: Connection | undefined; // which the last request came over
afterEach(() => (current = undefined));

/** Everything that comes until the connection is closed, or until it has come to an end. */
function ask(path: string, until = /(?!)/, act = (): void => {}): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(host.port, "127.0.0.1");
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes("first")) act();
      if (until.test(text)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
  });
}
const answer = (bytes: string): void => {
  upstream.onRequest = (connection) => {
    current = connection;
    connection.write(`HTTP/1.1 200 OK\r\n${bytes}`);
  };
};
const begin = (): void => answer("Content-Length: 11\r\n\r\nfirst");
/** What was sent as content whose length the head tells. */
const contentOf = (text: string): string => {
  const [head = "", content = ""] = text.split("\r\n\r\n");
  assert.match(head, /^content-length: 11\r?$/im);
  assert.doesNotMatch(head, /transfer-encoding/i);
  return content;
};

for (const way of ["patient", "several"]) {
  test(`${way}: content of a known length keeps it`, async () => {
    begin();
    let rest = (): void => {
      current?.write("second");
      rest = () => {};
    };
    const text = await ask(`/${way}`, /second/, () => rest());
    assert.equal(contentOf(text), "firstsecond");
  });

  test(`${way}: content without a length is forwarded unchanged`, async () => {
    answer("Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n");
    assert.match(await ask(`/${way}`, /\r\n0\r\n\r\n$/), /\r\n5\r\nfirst\r\n/);
  });

  for (const cut of ["end", "reset"] as const) {
    test(`${way}: content of a known length that is cut by ${cut} is cut`, async () => {
      begin();
      const text = await ask(`/${way}`, undefined, () => current?.[cut]());
      assert.equal(contentOf(text), "first");
    });
  }

  test(`${way}: a client disconnect closes the connection to the upstream`, async () => {
    begin();
    await ask(`/${way}`, /first/);
    // It is noticed when there is more to be written.
    const more = setInterval(() => current?.write("x"), 50);
    await current?.closed;
    clearInterval(more);
  });
}

test("content that pauses for too long is cut", async () => {
  begin();
  assert.equal(contentOf(await ask("/hasty")), "first");
  await current?.closed;
});

test("a consumer that cancels while the upstream pauses closes the connection", async () => {
  begin();
  await ask("/beginning", /first/);
  await current?.closed;
});

for (const sent of ["content", "con"]) {
  test(`an upload that is ${sent === "con" ? "cut" : "whole"} has its length, though it is mirrored`, async () => {
    answer("Content-Length: 2\r\n\r\nok");
    const socket = connect(host.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`POST /mirrored HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n${sent}`);
    await until(() => current?.received.endsWith(sent) ?? false);
    socket.destroy();
    assert.ok(current);
    if (sent === "con") await current.closed;
    assert.match(current.received, /^content-length: 7\r$/im);
    assert.doesNotMatch(current.received, /^transfer-encoding/im);
    assert.ok(current.received.endsWith(`\r\n\r\n${sent}`));
  });
}
