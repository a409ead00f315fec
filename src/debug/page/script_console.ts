/**
 * The script of the pages: the variables of a frame, and its console.
 *
 * @module
 */

/** The third part. */
export const CONSOLE_SCRIPT = `
const showLive = (place) => {
  const frame = Number(place.dataset.frame);
  const load = async (id) => (await ask("members", {frame, id})).members;
  const variables = make("div");
  const output = make("div", {class: "out", role: "log", "aria-label": "Output of the console", tabindex: "0", hidden: ""});
  const entry = make("textarea", {rows: "1", "aria-label": "Console: code to run in this frame", placeholder: "code to run here",
    autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false"});
  const run = make("button", {type: "submit"}, "Run");
  const form = make("form", {class: "entry"}, entry, run);
  const lock = make("button", {type: "button"}, "Unlock to read variables and run code");
  lock.onclick = () => unlock();
  const alone = "alone" in place.dataset;

  const showVariables = async () => {
    if (alone) return void place.replaceChildren(output, form);
    try {
      const answer = await ask("locals", {frame}, true);
      if (!answer) return place.replaceChildren(lock);
      const tree = answer.members.length ? showMembers(answer.members, load) : make("p", {}, "none");
      variables.replaceChildren(make("h2", {}, "Variables"), tree);
      if (!form.isConnected) place.replaceChildren(variables, make("h2", {}, "Console"), output, form);
    } catch (failure) {
      place.replaceChildren(make("p", {}, failure.message));
    }
  };

  const write = (...nodes) => {
    output.hidden = false;
    output.append(...nodes);
    output.scrollTop = output.scrollHeight;
  };
  const history = [];
  let at = 0;
  const fit = () => entry.rows = Math.min(12, entry.value.split("\\n").length);
  const recall = (step) => {
    if (at + step < 0 || at + step > history.length) return;
    at += step;
    entry.value = history[at] ?? "";
    fit();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const source = entry.value;
    if (source.trim() === "" || run.disabled) return;
    run.disabled = true;
    try {
      const answer = await ask("evaluate", {frame, source});
      if (answer.incomplete) {
        entry.value += "\\n";
        fit();
        return;
      }
      if (history.at(-1) !== source) history.push(source);
      at = history.length;
      entry.value = "";
      fit();
      write(make("pre", {class: "typed"}, source));
      if (answer.output.length) write(make("pre", {}, answer.output.join("\\n")));
      if (answer.traceback !== undefined) write(make("pre", {class: "failed"}, answer.traceback));
      else write(make("ul", {class: "tree"}, showValue(undefined, answer.value, load)));
      /* What was run may have changed them. */
      await showVariables();
    } catch (failure) {
      write(make("pre", {class: "failed"}, failure.message));
    } finally {
      run.disabled = false;
      entry.focus();
    }
  };
  entry.oninput = fit;
  entry.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault();
      output.replaceChildren();
      output.hidden = true;
    } else if (event.key === "ArrowUp" && !entry.value.slice(0, entry.selectionStart).includes("\\n")) {
      event.preventDefault();
      recall(-1);
    } else if (event.key === "ArrowDown" && !entry.value.slice(entry.selectionEnd).includes("\\n")) {
      event.preventDefault();
      recall(1);
    }
  };
  document.addEventListener("unlocked", () => void showVariables());
  place.addEventListener("console", async () => {
    await shown;
    (form.isConnected ? entry : lock).focus();
  });
  place.hidden = false;
  const shown = showVariables();
};

for (const place of all(".live")) {
  const frame = place.closest("details");
  const show = () => {
    if (place.hidden && (!frame || frame.open)) showLive(place);
  };
  place.addEventListener("console", () => {
    if (!place.hidden) return;
    showLive(place);
    place.dispatchEvent(new Event("console"));
  });
  frame?.addEventListener("toggle", show);
  show();
}
`;
