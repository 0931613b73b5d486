// The way back: shown first, then confirmed, then done.
import { asJson, call } from "./audit-api.js";
import { make } from "./audit-dom.js";
import { comparison } from "./audit-entry.js";
import { attempt } from "./audit-shell.js";

const dialog = document.getElementById("confirm");
const [title, words, plan, yes] = ["title", "words", "plan", "yes"].map((name) =>
  document.getElementById(`confirm-${name}`),
);

/** Ask, and return whether the answer was yes. */
function confirm(question, explanation, shown, verb) {
  title.textContent = question;
  words.textContent = explanation;
  plan.replaceChildren(...shown);
  yes.textContent = verb;
  yes.hidden = !verb;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** The same shape as a change has: field → now, field → then. */
function asChange(changes, entity) {
  const side = (i) =>
    Object.fromEntries(Object.entries(changes).map(([name, pair]) => [name, pair[i]]));
  return { entity, old: side(0), new: side(1) };
}

function again() {
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function revert({ address, name, newest }, version) {
  const body = asJson({ to_version: version });
  return attempt(async () => {
    const { changes } = await call(`${address}/revert?dry_run=true`, body);
    const planned = asChange(changes, newest.entity);
    const table = comparison(planned, "Now", "Then");
    const differs = table.querySelector("tbody").childElementCount > 0;
    const explanation = differs
      ? "It is a change like any other: recorded under your name, and it can be put back as well."
      : "It is the same as it was then: there is nothing to put back.";
    const agreed = await confirm(
      `Put ${name} back to version ${version}?`,
      explanation,
      differs ? [table] : [],
      differs ? "Put it back" : "",
    );
    if (!agreed) return;
    // Only what was shown is done: if it has changed meanwhile, it is refused.
    const headers = { ...body.headers, "If-Match": `"${newest.version}"` };
    await call(`${address}/revert`, { ...body, headers });
    again();
  });
}

export function restore({ address, name }) {
  return attempt(async () => {
    const explanation = "It returns with its id and its history, and with what belonged to it.";
    if (!(await confirm(`Bring ${name} back?`, explanation, [], "Bring it back"))) return;
    await call(`${address}/restore`, { method: "POST" });
    again();
  });
}
