// The timeline of one record, and the search for it.
import { call } from "./audit-api.js";
import { anchor, button, make } from "./audit-dom.js";
import { entry } from "./audit-entry.js";
import { filters } from "./audit-filters.js";
import { stream } from "./audit-list.js";
import { learn, may, nameIn, nameOf, pathOf } from "./audit-names.js";
import { kinds, link, query } from "./audit-place.js";
import { restore, revert } from "./audit-revert.js";
import { begin, entitle } from "./audit-shell.js";

const ID = /^[0-9a-f-]{36}$/;
const FORM = [{ name: "q", label: "A name, an SKU, an e-mail address", type: "search" }];

function found([entity, record]) {
  const name = nameIn(record) ?? record.id;
  const rest = [record.name, record.full_name].find((each) => each && each !== name);
  const words = [`${entity} `, make("strong", {}, name), rest ? ` ${rest}` : ""];
  return make("li", {}, anchor(link(["record", entity, record.id]), ...words));
}

async function search(q) {
  const readable = Object.keys(kinds).filter((entity) => may(entity, "read"));
  const pages = await Promise.all(
    readable.map((entity) => call(`${pathOf(entity)}${query({ q, count: "false", limit: 20 })}`)),
  );
  return pages.flatMap((page, i) => page.items.map((record) => [readable[i], record]));
}

export async function showRecords({ values: { q = "" } }) {
  const view = begin("Find a record");
  view.append(filters("records", FORM, { q }));
  const matches = q.trim() ? await search(q.trim()) : [];
  const none = q && !matches.length ? "Nothing of that name is there now. " : "";
  const hint = `${none}What has been deleted is found among the changes.`;
  view.append(
    make("ul", { className: "found" }, ...matches.map(found)),
    make("p", { className: "note", role: "status" }, hint),
  );
}

/** Return the ways back from a change: of what is there, or of what is gone. */
function ways(record, change) {
  const { entity, action } = record.newest;
  if (action === "DELETE" && change === record.newest && may(entity, "create")) {
    return [["Bring it back", () => restore(record)]];
  }
  const isPast = change !== record.newest && ![action, change.action].includes("DELETE");
  const words = `Put back version ${change.version}`;
  return isPast && may(entity, "update") ? [[words, () => revert(record, change.version)]] : [];
}

export async function showRecord({ parts: [entity = "", id = ""] }) {
  const view = begin("Timeline");
  const path = pathOf(entity);
  if (!path || !ID.test(id)) throw new Error("There is no such record.");
  const address = `${path}/${id}`;
  let newest = null;
  const read = async (cursor) => {
    const stretch = await call(`${address}/history${query({ cursor })}`);
    newest ??= stretch.items[0];
    return stretch;
  };
  const extra = (change) => {
    const record = { address, name: `${entity} ${nameOf(entity, id)}`, newest };
    return ways(record, change).map(([words, action]) => button(words, action));
  };
  const after = async (items) => {
    await learn(items);
    if (view.isConnected) entitle(`${entity} ${nameOf(entity, id)}`);
  };
  view.classList.add("timeline");
  await stream(view, { read, item: (change) => entry(change, extra), after, empty: "" });
}
