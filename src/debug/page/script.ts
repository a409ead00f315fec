/**
 * The script of the pages. It makes elements and sets their text; markup never comes from a response.
 *
 * @module
 */

/** The script: the lock, copying and the keyboard; values as trees; variables and consoles. */
export const SCRIPT = `
const {path, token, error} = document.body.dataset;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const say = (text) => all(".actions [role=status]").forEach((place) => place.textContent = text);

const send = async (command, question) => {
  const response = await fetch(path + "/" + command, {
    method: "POST",
    headers: {"content-type": "application/json", "x-debug-token": token},
    body: JSON.stringify(question),
  }).catch(() => undefined);
  if (!response) throw new Error("The server does not respond.");
  const answer = await response.json().catch(() => ({}));
  return {status: response.status, answer};
};

/* Sends a command. A locked page is unlocked first; with quietly, the answer is undefined instead. */
const ask = async (command, question, quietly = false) => {
  const {status, answer} = await send(command, {error, ...question});
  if (status === 200) return answer;
  if (status !== 401) throw new Error(answer.reason ?? "The server responded with status " + status + ".");
  all("[data-unlock]").forEach((button) => button.hidden = false);
  if (quietly) return undefined;
  if (!await unlock()) throw new Error("The page is locked.");
  return ask(command, question);
};

let unlocking;
const unlock = () => unlocking ??= showLock().finally(() => unlocking = undefined);
const showLock = () => new Promise((resolve) => {
  const input = make("input", {id: "pin", autocomplete: "off", inputmode: "numeric", required: "", "aria-describedby": "pin-help"});
  const problem = make("p", {role: "alert"});
  const cancel = make("button", {type: "button"}, "Cancel");
  const form = make("form", {}, make("h2", {id: "pin-title"}, "Unlock this page"),
    make("p", {id: "pin-help"}, "The terminal of the server shows a PIN. It allows to run any code in the server: enter it only if the server is yours."),
    make("label", {for: "pin"}, "PIN"), input, problem,
    make("p", {class: "actions"}, make("button", {type: "submit"}, "Unlock"), cancel));
  const dialog = make("dialog", {"aria-labelledby": "pin-title"}, form);
  let open = false;
  cancel.onclick = () => dialog.close();
  form.onsubmit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      const {status, answer} = await send("unlock", {pin: input.value});
      if (status === 200) {
        open = true;
        dialog.close();
        return;
      }
      problem.textContent = answer.reason ?? "The server responded with status " + status + ".";
    } catch (failure) {
      problem.textContent = failure.message;
    }
    input.select();
  };
  dialog.onclose = () => {
    dialog.remove();
    if (open) {
      all("[data-unlock]").forEach((button) => button.remove());
      say("Unlocked.");
      document.dispatchEvent(new Event("unlocked"));
    }
    resolve(open);
  };
  document.body.append(dialog);
  dialog.showModal();
  /* The terminal shows the PIN after a command that needs it. */
  send("request", {}).catch(() => {});
  input.focus();
});
for (const button of all("[data-unlock]")) button.onclick = unlock;

/* On a narrow screen, the marked word may be outside of the visible part. */
for (const mark of all("mark")) {
  const code = mark.closest(".code");
  const show = () => {
    const end = mark.offsetLeft + mark.offsetWidth;
    if (end > code.clientWidth) code.scrollLeft = end - code.clientWidth * 0.8;
  };
  mark.closest(".frame").addEventListener("toggle", show, {once: true});
  show();
}

for (const button of all("[data-copy]")) {
  const {clipboard} = navigator;
  button.hidden = !clipboard;
  button.onclick = () => clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    .then(() => say("Copied."), () => say("The browser does not allow copying. The text is at the end of the page."));
}

for (const button of all("[data-reveal]")) {
  button.hidden = false;
  button.onclick = async () => {
    try {
      const {url, headers} = await ask("request", {});
      const rows = [["URL", url], ...headers].map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
      document.querySelector(".fields").replaceChildren(...rows);
      button.remove();
    } catch (failure) {
      say(failure.message);
    }
  };
}

document.addEventListener("keydown", (event) => {
  const summary = event.target.closest("summary");
  if (!summary || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (step) {
    const shown = all("main summary").filter((other) => other.checkVisibility() && !other.closest(".tree, .code"));
    const next = shown[shown.indexOf(summary) + step];
    if (!next || summary.closest(".tree, .code")) return;
    event.preventDefault();
    next.focus();
  }
  if (event.key === "c" && summary.parentElement.matches(".frame")) {
    const entry = summary.parentElement.querySelector(".live");
    if (!entry) return;
    event.preventDefault();
    summary.parentElement.open = true;
    entry.dispatchEvent(new Event("console"));
  }
});
/* A value on one line. Members that are not sent yet are loaded when it is opened. */
const showValue = (key, value, load) => {
  const line = [];
  if (key !== undefined) line.push(make("span", {class: "key"}, key));
  line.push(make("span", {class: "v-" + value.kind}, value.text));
  const opens = value.members?.length || value.id !== undefined && !value.members;
  if (value.more && !opens) line.push(" … " + value.more + " more");
  if (!opens) return make("li", {}, ...line);
  const details = make("details", {}, make("summary", {}, ...line));
  details.ontoggle = async () => {
    if (!details.open || details.querySelector("ul, p")) return;
    const place = make("p", {}, "…");
    details.append(place);
    try {
      const members = value.members ?? await load(value.id);
      const tree = showMembers(members, load);
      if (value.more) tree.append(make("li", {}, "… " + value.more + " more"));
      place.replaceWith(members.length ? tree : make("p", {}, "nothing"));
    } catch (failure) {
      place.textContent = failure.message;
    }
  };
  /* The scopes of the frame itself are open at first. */
  details.open = value.kind === "scope" && !["closure", "module", "script", "global"].includes(key);
  return make("li", {}, details);
};
const showMembers = (members, load) =>
  make("ul", {class: "tree"}, ...members.map(({key, value}) => showValue(key, value, load)));
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
      /* The code may have changed them; the next input need not wait. */
      void showVariables();
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
