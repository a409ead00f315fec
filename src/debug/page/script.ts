/**
 * The script of the pages: asking the server, the lock, copying, and the keyboard. It makes elements
 * and sets their text; no markup ever comes from an answer.
 *
 * @module
 */

/** The first part, which the others build on. */
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
  if (!response) throw new Error("The server does not answer.");
  const answer = await response.json().catch(() => ({}));
  return {status: response.status, answer};
};

/* Asks; a page that is locked is unlocked first, unless quietly is set: then the answer is undefined. */
const ask = async (command, question, quietly = false) => {
  const {status, answer} = await send(command, {error, ...question});
  if (status === 200) return answer;
  if (status !== 401) throw new Error(answer.reason ?? "The server answered " + status + ".");
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
    make("p", {id: "pin-help"}, "The terminal of the server shows a PIN. Whoever has it can run any code in the server: enter it only if that is your own."),
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
      problem.textContent = answer.reason ?? "The server answered " + status + ".";
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
  /* The PIN goes to the terminal when something that is locked is asked for. */
  send("request", {}).catch(() => {});
  input.focus();
});
for (const button of all("[data-unlock]")) button.onclick = unlock;

/* On a narrow screen, what is marked may be far to the right. */
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
    .then(() => say("Copied."), () => say("The browser does not allow to copy; the text is at the end of the page."));
}

for (const button of all("[data-reveal]")) {
  button.hidden = false;
  button.onclick = async () => {
    try {
      const {url, fields} = await ask("request", {});
      const rows = [["URL", url], ...fields].map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
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
`;
