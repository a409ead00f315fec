// Reads what test runners print: the mark of each case, under the names of its suites.

const marks = { "✔": "✔", "✖": "✖", ok: "✔", FAILED: "✖", pass: "✔", fail: "✖" };
const flat = {
  bun: /^\((?<mark>pass|fail)\) (?<name>.*?)(?: \[[\d.]+m?s\])?$/,
  workerd: /^(?<mark>[✔✖]) (?<name>.*) \(\d+ms\)$/,
};
// Of these, a suite is a line before its cases and another one after them.
const nested = {
  node: [/^(?<space> *)▶ (?<name>.*)$/, /^(?<space> *)(?<mark>[✔✖]) (?<name>.*) \([\d.]+ms\)$/],
  deno: [
    /^(?<space> *)(?<name>.*) \.\.\.$/,
    /^(?<space> *)(?<name>.*) \.\.\. (?<mark>ok|FAILED) \(.*\)$/,
  ],
};

/** The marks in the output of a runner, by the names of the cases. */
export function marksOf(runner, output) {
  const found = new Map();
  // A name may stand for several cases: one that fails counts.
  const note = (name, mark) => found.set(name, found.get(name) === "✖" ? "✖" : marks[mark]);
  // What failed is told again at the end.
  const lines = output.split(/^✖ failing tests:$|^ ERRORS $/m)[0].split("\n");
  for (const line of runner in flat ? lines : []) {
    const { name, mark } = flat[runner].exec(line)?.groups ?? {};
    if (mark) note(name.trim(), mark);
  }
  const open = []; // the suites around a line, and whether a case of theirs was seen
  for (const line of runner in nested ? lines : []) {
    const [begins, tells] = nested[runner].map((pattern) => pattern.exec(line)?.groups);
    const depth = (tells ?? begins)?.space.length / 2;
    if (tells) {
      const suite = open[depth];
      open.length = Math.min(open.length, depth);
      if (suite?.name === tells.name && suite.used) continue;
      for (const around of open) around.used = true;
      note([...open.map(({ name }) => name), tells.name].join(" > ").trim(), tells.mark);
    } else if (begins && open.length >= depth) open.splice(depth, Infinity, { name: begins.name });
  }
  return found;
}
