// The timeline of one record, and the search for it.
import { call } from "./audit-api.js";
import { anchor, button, make } from "./audit-dom.js";
import { entry } from "./audit-entry.js";
import { filters } from "./audit-filters.js";
import { stream } from "./audit-list.js";
import { learn, may, nameIn, nameOf, pathOf, remember } from "./audit-names.js";
import { kinds, link, query } from "./audit-place.js";
import { restore, revert } from "./audit-revert.js";
import { begin, entitle } from "./audit-shell.js";

const ID = /^[0-9a-f-]{36}$/;
const READ = Object.keys(kinds).filter((entity) => kinds[entity].path);
const FORM = [
  { name: "entity", label: "Kind", options: READ.map((each) => [each, each]) },
  { name: "q", label: "Name, SKU, e-mail address …", type: "search" },
];

function found(entity, record) {
  const rest = record.name && record.sku ? ` ${record.name}` : "";
  return make("li", {}, anchor(link(["record", entity, record.id]), make("strong", {}, nameIn(record) ?? record.id), rest));
}

export async function showRecords({ values }) {
  const view = begin("Find a record");
  const entity = READ.includes(values.entity) ? values.entity : READ[0];
  view.append(filters("records", FORM, { entity, q: values.q }));
  const { items } = await call(`${pathOf(entity)}${query({ q: values.q, count: "false" })}`);
  const none = make("p", { className: "note", role: "status" }, "Nothing of that name is there now. What is deleted is among the changes.");
  view.append(items.length ? make("ul", { className: "found" }, ...items.map((each) => found(entity, each))) : none);
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
    if (newest.action === "DELETE") return change === newest && may(entity, "create") ? [button("Bring it back", () => restore(record))] : null;
    if (change === newest) return [make("span", { className: "note" }, "This is the record as it is now.")];
    const words = `Put back version ${change.version}`;
    return may(entity, "update") && change.action !== "DELETE" ? [button(words, () => revert(record, change.version))] : null;
  };
  const after = async (items) => {
    await learn(items);
    if (view.isConnected) entitle(`${entity} ${nameOf(entity, id)}`);
  };
  await stream(view, { read, item: (change) => entry(change, extra, false), after, empty: "" });
}
