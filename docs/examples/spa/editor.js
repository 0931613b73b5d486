/** The dialog that edits a product: with If-Match, and a merge when it is outdated. */
import { client } from "./client.js";
import { merge } from "./merge.js";
import { element, find, reason, say } from "./page.js";

/** @typedef {import("./client.js").Schemas["ProductRead"]} Product */
/** @typedef {Pick<Product, "name" | "price" | "description">} Edited */

const FIELDS = /** @type {const} */ (["name", "price", "description"]);
const PATH = "/api/v1/products/{product_id}";
const dialog = find("#editor", HTMLDialogElement);
const form = find("form", HTMLFormElement, dialog);
const conflicts = find("#conflicts", HTMLFieldSetElement);
const problem = find(".problem", HTMLElement, dialog);

/** @type {{ read: Product, etag: string }} the record as the user saw it last */
let base;
let loads = 0; // that were requested

/**
 * Open the dialog on the present state of a product.
 * @param {string} id
 */
export async function edit(id) {
  if (!(await load(id))) return say(problem.textContent); // such as: it was deleted
  show(base.read);
  ask([], base.read);
  dialog.showModal();
}

/** Close the dialog, and discard what was edited. */
export function discard() {
  dialog.close();
}

/** @param {string} id */
async function load(id) {
  const number = ++loads;
  const params = { path: { product_id: id } };
  const { data, error, response } = await client.GET(PATH, { params });
  if (number < loads) return; // another product was chosen meanwhile
  problem.textContent = reason(error, response);
  if (data) base = { read: data, etag: response.headers.get("ETag") ?? "" };
  return data;
}

/** @param {Edited} product */
function show(product) {
  find("h2", HTMLElement, dialog).textContent = base.read.sku;
  for (const name of FIELDS) {
    input(name).value = product[name];
  }
}

/** @param {string} name */
function input(name) {
  const found = form.elements.namedItem(name);
  if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement) {
    return found;
  }
  throw new Error(`There is no field ${name}`);
}

/** @returns {Edited} */
function edited() {
  return {
    name: input("name").value,
    price: input("price").value,
    description: input("description").value,
  };
}

form.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement) || button.value !== "save") return;
  event.preventDefault(); // the dialog stays open until the server has agreed
  button.disabled = true; // a second click would lose a race against the first
  const saved = await save().finally(() => (button.disabled = false));
  if (saved) dialog.close();
  else button.focus(); // which it lost while it was disabled
});

/** @returns {Promise<boolean>} whether the product is saved */
async function save() {
  const mine = edited();
  const { id } = base.read;
  const { error, response } = await client.PATCH(PATH, {
    params: { path: { product_id: id }, header: { "If-Match": base.etag } },
    body: changes(base.read, mine),
  });
  problem.textContent = reason(error, response);
  if (response.status === 412) await mergeWith(mine);
  return response.ok;
}

/**
 * @param {Edited} before
 * @param {Edited} after
 */
function changes(before, after) {
  const changed = FIELDS.filter((name) => after[name] !== before[name]);
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/** @param {Edited} mine */
async function mergeWith(mine) {
  const before = base.read;
  if (!(await load(before.id))) return;
  const theirs = base.read;
  const { kept, conflicts: both } = merge(before, mine, theirs, FIELDS);
  show({ ...theirs, ...Object.fromEntries(kept.map((name) => [name, mine[name]])) });
  ask(both, mine);
}

/**
 * Ask for each field that both have changed, which value is right.
 * @param {(keyof Edited)[]} names
 * @param {Edited} mine
 */
function ask(names, mine) {
  conflicts.hidden = names.length === 0;
  conflicts.replaceChildren(find("legend", HTMLElement, conflicts));
  for (const name of names) {
    conflicts.append(
      element("p", `${name}: `,
        choice(name, mine[name], "mine"),
        choice(name, base.read[name], "theirs")),
    );
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @param {"mine" | "theirs"} whose
 */
function choice(name, value, whose) {
  const radio = element("input");
  Object.assign(radio, { type: "radio", name: `choice-${name}`, required: true });
  radio.addEventListener("change", () => (input(name).value = value));
  return element("label", radio, ` ${whose}: ${value}`);
}
