import assert from "node:assert/strict";
import { test } from "node:test";
import { modelOf, shortName } from "../../src/debug/model.ts";
import { renderReport } from "../../src/debug/page/error_page.ts";
import { redacted } from "../../src/debug/redact.ts";
import { renderMarkdown } from "../../src/debug/render/markdown.ts";
import { renderText } from "../../src/debug/render/text.ts";
import { classify, fileOf, isSourceFile } from "../../src/debug/sources.ts";
import { readThrown } from "../../src/debug/thrown.ts";
import type { Report } from "../../src/debug/types.ts";

const source = [
  "export function find(id: number) {",
  "\tconst row = rows.get(id);",
  "\treturn row.name; // <img src=x onerror=alert(1)>",
  "}",
  "``` </script> --> ",
].join("\n");

const readText = (file: string): Promise<string | undefined> =>
  Promise.resolve(file === "/app/src/find.ts" ? source : undefined);

async function report(error: unknown): Promise<Report> {
  const { error: model } = await modelOf(readThrown(error), {
    readText,
    directory: "/app",
    filterFrame: ({ name }) => name !== "hidden",
    framesOf: () => [],
  });
  return {
    id: "00000000-0000-4000-8000-000000000000",
    time: "2026-01-01T00:00:00.000Z",
    error: model,
    request: { method: "GET", url: "http://localhost/x", headers: [["accept", "text/html"]] },
  };
}
const thrown = (message: string, more: object = {}): Error =>
  Object.assign(new TypeError(message), {
    stack: `TypeError: ${message}\n    at find (file:///app/src/find.ts:3:13)
    at hidden (file:///app/src/find.ts:1:1)
    at Layer.handle (/app/node_modules/web/layer.js:1:2)
    at next (/app/node_modules/web/next.js:1:2)
    at process.task (node:internal/queue:5:6)
    at async main (file:///app/main.ts:1:1)`,
    ...more,
  });

test("text shows the frames with line and column, and folds those of libraries", async () => {
  const cause = thrown("why");
  assert.equal(
    renderText(await report(thrown("It broke", { code: 7, cause }))),
    `GET http://localhost/x

TypeError: It broke
  code: 7

  at find (src/find.ts:3:13)
      1 | export function find(id: number) {
      2 | \tconst row = rows.get(id);
    > 3 | \treturn row.name; // <img src=x onerror=alert(1)>
        | \t           ^
      4 | }
      5 | \`\`\` </script> --> 
  … 3 frames of libraries and the runtime
  at async main (main.ts:1:1)

Caused by:
TypeError: why

  at find (src/find.ts:3:13)
      1 | export function find(id: number) {
      2 | \tconst row = rows.get(id);
    > 3 | \treturn row.name; // <img src=x onerror=alert(1)>
        | \t           ^
      4 | }
      5 | \`\`\` </script> --> 
  … 3 frames of libraries and the runtime
  at async main (main.ts:1:1)
`,
  );
});

test("a terminal gets colours, but no control characters of the message", async () => {
  const text = renderText(await report(thrown("a\x1b[2Jb\x07\r\u202ec\x9b1m")), true);
  const ours = ["1", "22", "31", "39", "2", "36"].map((code) => `\x1b[${code}m`);
  assert.match(text, /a\\u001b\[2Jb\\u0007\\u000d\\u202ec\\u009b1m/);
  for (const after of text.split("\x1b").slice(1)) {
    assert.ok(ours.some((own) => `\x1b${after}`.startsWith(own)), JSON.stringify(after));
  }
  assert.ok(!renderText(await report(thrown("\x1b[31m"))).includes("\x1b"));
});

test("Markdown: the message cannot end a block", async () => {
  const markdown = renderMarkdown(await report(thrown("a\n````\n# b `c` <b>")));
  const lines = markdown.split("\n");
  let fence = "";
  for (const line of lines) {
    const [, ticks = ""] = /^(`{3,})/.exec(line) ?? [];
    if (fence === "") fence = ticks;
    else if (line === fence) fence = "";
    else continue;
    // Outside of a block there is nothing of the message.
    assert.doesNotMatch(line, /# b|<b>/);
  }
  assert.equal(fence, "");
  assert.match(markdown, /^# `TypeError`\n\n`````text\na\n````\n# b `c` <b>\n`````/);
  assert.match(markdown, /`src\/find\.ts:3:13`:\n\n````text\n.*\n.*\n> {5}3 \| \treturn row\.name/);
});

test("the page escapes everything, and the text in its comment cannot end it", async () => {
  const error = thrown(`</title><script>alert(1)</script>"'--><!-- x --!>`, {
    "<bold>": "<i>",
    cause: `<script>alert(2)</script>`,
  });
  const page = renderReport(await report(error), {
    nonce: "N",
    path: "/__debug",
    token: "T",
    editor: "vscode://file/{file}:{line}:{column}",
    notice: "<u>",
  });
  const [markup = "", comment = "", ...rest] = page.split("\n<!--\n");
  assert.deepEqual(rest, []);
  assert.match(comment, /^\nGET http:\/\/localhost\/x\n\nTypeError: <\/title>/);
  assert.doesNotMatch(comment.replace(/\n-->\n$/, ""), /-->|--!>|--/);
  assert.ok(comment.endsWith("\n-->\n"));
  assert.doesNotMatch(markup, /<img|<bold>|<i>"|<u>|alert\(\d\)<\/script>/);
  assert.equal(markup.match(/<script/g)?.length, 1);
  // A strict policy lets neither through.
  const tags = markup.match(/<[a-z][^>]*>/g) ?? [];
  assert.ok(tags.length > 100);
  for (const tag of tags) assert.doesNotMatch(tag, / style=| on[a-z]+=|javascript:/);
  assert.match(markup, /href="vscode:\/\/file\/\/app\/src\/find\.ts:3:13"/);
  assert.match(markup, /<mark>name<\/mark>/);
  assert.equal(markup.match(/class="frame application"/g)?.length, 2);
});

test("frames are classified by the path of their script", () => {
  for (
    const [url, kind] of [
      ["file:///app/src/a.ts", "application"],
      ["tests.mjs", "application"],
      ["node.js", "application"],
      ["C:\\app\\a.js", "application"],
      ["file:///app/node_modules/a/b.js", "library"],
      ["C:\\app\\node_modules\\a\\b.js", "library"],
      ["https://jsr.io/@std/http/mod.ts", "library"],
      ["/home/me/.cache/deno/npm/registry.npmjs.org/a/1.0.0/b.js", "library"],
      ["node:internal/process", "runtime"],
      ["ext:core/mod.js", "runtime"],
      ["[native code]", "runtime"],
      ["", "runtime"],
    ] as const
  ) assert.equal(classify(url), kind, url);
  assert.equal(fileOf("file:///a%20b/c.ts?x=1"), "/a b/c.ts");
  assert.equal(fileOf("file:///C:/a.ts"), "C:/a.ts");
  assert.equal(fileOf("file:///%zz.ts"), "file:///%zz.ts");
  assert.equal(shortName("/app/a.ts", "/app"), "a.ts");
  assert.equal(shortName("/apple/a.ts", "/app"), "/apple/a.ts");
  assert.ok(!isSourceFile("/app/.env") && !isSourceFile("/etc/passwd") && isSourceFile("/a.mts"));
});

test("masking takes linear time", () => {
  for (const unit of ["?", "&", ";", "=", "?a", "#", "?pin"]) {
    const { url } = redacted({ method: "GET", url: `/${unit.repeat(200_000)}`, headers: [] });
    assert.equal(url.length, 1 + unit.length * 200_000);
  }
});

test("secrets are masked in headers and in URLs", () => {
  const headers = [
    ["accept", "*/*"],
    ["authorization", "Basic x"],
    ["cookie", "a=b"],
    ["proxy-authorization", "x"],
    ["x-api-key", "x"],
    ["x-csrf-token", "x"],
    ["referer", "http://a/?session=x&page=2"],
    ["x-original-url", "/?sig=1&password=x"],
  ] as const;
  const { url, headers: shown } = redacted({
    method: "GET",
    url: "http://localhost/a?page=1&access_token=x;secret=y&key=#f",
    headers,
  });
  assert.equal(url, "http://localhost/a?page=1&access_token=••••••;secret=••••••&key=••••••#f");
  assert.deepEqual(shown.map(([, value]) => value), [
    "*/*",
    ...Array.from({ length: 5 }, () => "••••••"),
    "http://a/?session=••••••&page=2",
    "/?sig=1&password=••••••",
  ]);
});
