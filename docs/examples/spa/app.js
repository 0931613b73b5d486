/** A page on the API: sign in, list and filter products, edit one, see changes live. */
import { client } from "./client.js";
import { edit } from "./editor.js";
import { follow } from "./feed.js";
import { element, find, say } from "./page.js";
import { heldTokens, onOtherTab, signIn, signOut } from "./session.js";

/** @typedef {import("./client.js").Schemas["ProductRead"]} Product */
/** @typedef {import("./client.js").paths["/api/v1/products"]["get"]["parameters"]["query"]} Query */

const login = find("#sign-in", HTMLFormElement);
const filters = find("#filters", HTMLFormElement);
const rows = find("#rows", HTMLElement);

let feed = new AbortController();
let lists = 0; // that were requested

/** Show what the session allows, when the page opens and when the session changes. */
async function start() {
  const isIn = (await heldTokens()) !== undefined;
  login.hidden = isIn;
  find("#products", HTMLElement).hidden = !isIn;
  find("#sign-out", HTMLButtonElement).hidden = !isIn;
  feed.abort();
  feed = new AbortController();
  rows.replaceChildren();
  if (!isIn) return;
  void list();
  void follow("Product", changed, feed.signal);
}

/** @param {Set<string>} [marked] ids of the products that have just changed */
async function list(marked = new Set()) {
  const number = ++lists;
  const { data, error, response } = await client.GET("/api/v1/products", {
    params: { query: query() },
  });
  if (response.status === 401) return start();
  if (number < lists) return; // a later one shows more
  say(error?.detail ?? "");
  if (!data || "fields" in data) return; // only a list with `fields` has them
  rows.replaceChildren(...data.items.map((product) => row(product, marked)));
  find("#total", HTMLElement).textContent = `${data.total} products`;
}

/** @returns {Query} the filters that are set */
function query() {
  const set = [...new FormData(filters)].filter(([, value]) => value !== "");
  return Object.fromEntries(set);
}

/**
 * @param {Product} product
 * @param {Set<string>} marked
 */
function row(product, marked) {
  const button = element("button", "Edit");
  button.addEventListener("click", () => edit(product.id));
  const values = [product.sku, product.name, product.price, String(product.stock), button];
  const made = element("tr", ...values.map((value) => element("td", value)));
  made.classList.toggle("changed", marked.has(product.id));
  return made;
}

/**
 * @param {string} event
 * @param {string} data
 */
function changed(event, data) {
  if (event === "reset") void list();
  if (event === "change") void list(new Set([JSON.parse(data).entity_id]));
}

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(login);
  const failure = await signIn(String(form.get("email")), String(form.get("password")));
  login.reset();
  say(failure);
  if (!failure) await start();
});
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", () => void list());
find("#sign-out", HTMLButtonElement).addEventListener("click", async () => {
  await signOut();
  await start();
});
// Whatever failed, such as a request without a network; the console says what.
addEventListener("unhandledrejection", () => say("That failed. Try again later."));
onOtherTab(start);
await start();
