// Revert and restore of a record, each after a confirmation.
import { call, jsonRequest } from "./audit-api.js";
import { make } from "./audit-dom.js";
import { comparison } from "./audit-entry.js";
import { attempt, viewSignal } from "./audit-layout.js";
import { navigate } from "./audit-route.js";

const dialog = document.getElementById("confirm");
const [title, text, preview, yes] = ["title", "text", "preview", "yes"].map((name) =>
  document.getElementById(`confirm-${name}`),
);

/** Show the dialog; return whether it was confirmed. Without a verb, it can only be closed. */
function confirm(question, explanation, elements, verb) {
  title.textContent = question;
  text.textContent = explanation;
  preview.replaceChildren(...elements);
  yes.textContent = verb;
  yes.hidden = !verb;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Convert a preview, field → [current, reverted], to the form of a change. */
function asChange(fields, entity) {
  const side = (i) =>
    Object.fromEntries(Object.entries(fields).map(([name, pair]) => [name, pair[i]]));
  return { entity, old: side(0), new: side(1) };
}

const reload = () => navigate(location.hash);

export function revert({ url, name, newest }, version) {
  const body = jsonRequest({ to_version: version });
  const view = viewSignal();
  return attempt(async () => {
    const { changes } = await call(`${url}/revert?dry_run=true`, body);
    if (view.aborted) return;
    const planned = asChange(changes, newest.entity);
    const table = comparison(planned, "Current", `Version ${version}`);
    const differs = table.querySelector("tbody").childElementCount > 0;
    const explanation = differs
      ? "The revert is recorded as a change under your name. It can be reverted as well."
      : "The record already has the values of this version.";
    const confirmed = await confirm(
      `Revert ${name} to version ${version}?`,
      explanation,
      differs ? [table] : [],
      differs ? "Revert" : "",
    );
    if (!confirmed) return;
    // The API rejects the revert if the record has changed since the preview.
    const headers = { ...body.headers, "If-Match": `"${newest.version}"` };
    await call(`${url}/revert`, { ...body, headers });
    reload();
  }, reload);
}

export function restore({ url, name }) {
  return attempt(async () => {
    const explanation =
      "The record is restored with its id and history, and with the records that belonged to it.";
    if (!(await confirm(`Restore ${name}?`, explanation, [], "Restore"))) return;
    await call(`${url}/restore`, { method: "POST" });
    reload();
  }, reload);
}
