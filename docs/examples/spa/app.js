/** A page on the API: sign in, list and filter products, edit one, see changes live. */
import { client, signOut } from "./client.js";
import { discard, edit } from "./editor.js";
import { follow } from "./feed.js";
import { element, find, reason, say } from "./page.js";
import { heldTokens, onChange, signIn } from "./session.js";

/** @typedef {import("./client.js").Schemas["ProductRead"]} Product */
/** @typedef {import("./client.js").paths["/api/v1/products"]["get"]["parameters"]["query"]} Query */

const login = find("#sign-in", HTMLFormElement);
const filters = find("#filters", HTMLFormElement);
const rows = find("#rows", HTMLElement);

const MOMENT = 200; // milliseconds

let feed = new AbortController();
let lists = 0; // that were requested
/** @type {Map<string, number>} */
const changedIds = new Map(); // with the lists that were requested before
let isDue = false; // a list that shows them

/** Show what the session allows, when the page opens and when the session changes. */
async function start() {
  const isIn = (await heldTokens()) !== undefined;
  login.hidden = isIn;
  find("#products", HTMLElement).hidden = !isIn;
  find("#sign-out", HTMLButtonElement).hidden = !isIn;
  feed.abort();
  feed = new AbortController();
  rows.replaceChildren();
  find(isIn ? "#filters input" : "#sign-in input", HTMLInputElement).focus();
  if (!isIn) return discard(); // the dialog would be over the form
  void list();
  void follow("Product", changed, feed.signal);
}

/** Show the list, and in it the products that have just changed. */
async function list() {
  const number = ++lists;
  const { data, error, response } = await client.GET("/api/v1/products", {
    params: { query: query() },
  });
  if (response.status === 401) return start(); // the tokens are gone
  if (number < lists) return; // a later one shows more
  say(reason(error, response));
  if (!data || "fields" in data) return; // only a list with `fields` has them
  const focused = document.activeElement;
  rows.replaceChildren(...data.items.map(row));
  if (focused instanceof HTMLElement) focused.focus(); // on a button that was moved
  for (const [id, before] of changedIds) if (before < number) changedIds.delete(id);
  find("#total", HTMLElement).textContent = `${data.total} products`;
}

/** @returns {Query} the filters that are set */
function query() {
  const set = [...new FormData(filters)].filter(([, value]) => value !== "");
  return Object.fromEntries(set);
}

/**
 * Return the button of a row: the same one in each list, as it may have the focus.
 * @param {string} id
 */
function editButton(id) {
  const held = document.getElementById(id);
  if (held) return held;
  const button = element("button", "Edit");
  button.id = id;
  button.addEventListener("click", () => edit(id));
  return button;
}

/** @param {Product} product */
function row(product) {
  const { id, sku, name, price, stock } = product;
  const values = [sku, name, price, String(stock), editButton(id)];
  const made = element("tr", ...values.map((value) => element("td", value)));
  made.classList.toggle("changed", changedIds.has(id));
  return made;
}

/**
 * List again, once for all changes of a moment: an import sends thousands.
 * @param {string} event
 * @param {string} data
 */
function changed(event, data) {
  if (event === "change") changedIds.set(JSON.parse(data).entity_id, lists);
  if (event === "heartbeat" || isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    void list();
  }, MOMENT);
}

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(login);
  const failure = await signIn(String(form.get("email")), String(form.get("password")));
  say(failure);
  if (!failure) login.reset();
});
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", () => void list());
find("#sign-out", HTMLButtonElement).addEventListener("click", () => void signOut());
// Any error that was not handled, such as a request without a network; the console says what.
addEventListener("unhandledrejection", () => say("That failed. Try again later."));
onChange(() => void start());
void start();
