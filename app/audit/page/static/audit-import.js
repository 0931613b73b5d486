// The import of a file: check it, show what it would change, then import it.
import { button, make } from "./audit-dom.js";
import { attempt, openView } from "./audit-layout.js";
import { isAllowed, permissions } from "./audit-names.js";
import { changedBy, reportTables } from "./audit-report.js";
import { entityTypes, link } from "./audit-route.js";
import { slicesOf } from "./audit-slices.js";
import { upload, uploadSlices } from "./audit-upload.js";

const ATOMIC_ROWS = 2_000; // a file of more is imported slice by slice
const SLICE_ROWS = 1_000;
const REFUSAL = "Importing needs permission to create and change records: ask an administrator.";

// The form and the result, as an import goes on while other views are shown.
let kept = {};

const mayImport = (entity) =>
  entityTypes[entity].keys && isAllowed(entity, "create") && isAllowed(entity, "update");

function show(output, title, ...content) {
  const heading = make("h2", { tabIndex: -1 }, title);
  output.replaceChildren(heading, ...content);
  heading.focus();
}

/** Show a progress bar while `work(bar)` is done. */
async function wait(output, text, work) {
  const bar = make("progress", { max: 1, ariaLabel: text });
  output.replaceChildren(make("p", { className: "note" }, text), bar);
  try {
    return await work(bar);
  } finally {
    output.replaceChildren();
  }
}

/** Run an action of the form, which has to wait for it. */
async function run([form, output], action) {
  const work = async () => {
    try {
      await action();
    } catch (error) {
      if (!output.isConnected) show(output, error.message); // seen on return to this view
      throw error;
    }
  };
  form.inert = true;
  await attempt(work);
  form.inert = false;
  if (document.activeElement === document.body) form.querySelector("button").focus();
}

const askBeforeLeaving = (event) => event.preventDefault();

async function commit(chosen, { content, rows, slices }, output) {
  addEventListener("beforeunload", askBeforeLeaving);
  const work = wait(output, `Importing ${rows} rows…`, (bar) =>
    rows > ATOMIC_ROWS
      ? uploadSlices(chosen, slices, (part) => (bar.value = part))
      : upload(chosen, content, {}),
  );
  const report = await work.finally(() =>
    removeEventListener("beforeunload", askBeforeLeaving),
  );
  const title = report.error_count ? "Imported, but for the rows with errors" : "Imported";
  const changes = make("a", { href: link(["changes"], { entity: chosen.entity }) }, "Show the changes");
  show(output, title, ...reportTables(report), make("p", { className: "links" }, changes));
}

async function check(chosen, parts) {
  const output = parts[1];
  const sliced = await slicesOf(chosen.file, SLICE_ROWS);
  const values = { dry_run: "true", atomic: sliced.rows > ATOMIC_ROWS ? "false" : "" };
  const report = await wait(output, `Checking ${chosen.file.name}…`, () =>
    upload(chosen, sliced.content, values),
  );
  const count = changedBy(report);
  const title = report.error_count
    ? "The file has errors: nothing can be imported"
    : "What the import would do";
  const start = () => run(parts, () => commit(chosen, sliced, output));
  const import_ = button(`Import ${count} ${count === 1 ? "record" : "records"}`, start, "button");
  const actions = report.error_count || !count ? [] : [make("p", { className: "actions" }, import_)];
  show(output, title, ...reportTables(report), ...actions);
}

/** Offer the unique fields of the collection, and its id. */
function setKeys({ entity, key }) {
  const names = ["", ...entityTypes[entity.value].keys];
  key.replaceChildren(...names.map((value) => make("option", { value }, value || "id")));
}

/** Let a file be dropped anywhere on the form, and mark the form meanwhile. */
function takeDrops(form) {
  // Beside the form, a file would replace the page.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  const mark = (event, dragging) => {
    event.preventDefault();
    form.classList.toggle("dragging", dragging);
  };
  form.addEventListener("dragover", (event) => mark(event, true));
  form.addEventListener("dragleave", (event) => mark(event, false));
  form.addEventListener("drop", (event) => {
    mark(event, false);
    if (!event.dataTransfer.files.length) return;
    const { file } = form.elements;
    file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function makeParts() {
  const entities = Object.keys(entityTypes).filter(mayImport);
  if (!entities.length) return [make("p", { className: "lede" }, REFUSAL)];
  const form = document.getElementById("import").content.firstElementChild.cloneNode(true);
  const output = make("div", { className: "result" });
  const { entity, key, file } = form.elements;
  entity.append(...entities.map((name) => make("option", {}, name)));
  setKeys(form.elements);
  entity.addEventListener("change", () => setKeys(form.elements));
  form.addEventListener("change", () => output.replaceChildren());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = { entity: entity.value, key: key.value, file: file.files[0] };
    run([form, output], () => check(chosen, [form, output]));
  });
  takeDrops(form);
  return [form, output];
}

export async function showImport() {
  const view = openView("Import");
  if (kept.permissions !== permissions) kept = { permissions, parts: makeParts() };
  view.append(...kept.parts);
}
