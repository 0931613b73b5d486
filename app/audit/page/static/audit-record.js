// The history of one record, and the search for records.
import { call } from "./audit-api.js";
import { anchor, button, make } from "./audit-dom.js";
import { changeItem } from "./audit-entry.js";
import { filters } from "./audit-filters.js";
import { openView, setHeading } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { isAllowed, loadNames, nameIn, nameOf, pathOf } from "./audit-names.js";
import { restore, revert } from "./audit-revert.js";
import { entityTypes, link, query } from "./audit-route.js";

const ID = /^[0-9a-f-]{36}$/;
const FORM = [{ name: "q", label: "Name, SKU or e-mail address", type: "search" }];

function resultItem([entity, record]) {
  const name = nameIn(record) ?? record.id;
  const rest = [record.name, record.full_name].find((each) => each && each !== name);
  const label = [`${entity} `, make("strong", {}, name), rest ? ` ${rest}` : ""];
  return make("li", {}, anchor(link(["record", entity, record.id]), ...label));
}

const readableTypes = () => Object.keys(entityTypes).filter((name) => isAllowed(name, "read"));

async function search(q) {
  const readable = readableTypes();
  const pages = await Promise.all(
    readable.map((entity) => call(`${pathOf(entity)}${query({ q, count: "false", limit: 20 })}`)),
  );
  return pages.flatMap((page, i) => page.items.map((record) => [readable[i], record]));
}

export async function showRecords({ values: { q = "" } }) {
  const view = openView("Records");
  view.append(filters("records", FORM, { q }));
  const matches = q.trim() ? await search(q.trim()) : [];
  const none = q && !matches.length ? "No matching records. " : "";
  const hint = readableTypes().length
    ? `${none}Deleted records are listed under Changes only.`
    : "Searching needs permission to read records. Under Changes, each entry links to a history.";
  view.append(
    make("ul", { className: "found" }, ...matches.map(resultItem)),
    make("p", { className: "note", role: "status" }, hint),
  );
}

/** Return the [label, action] of the revert or restore that a change offers, if any. */
function actionsFor(record, change) {
  const { entity, action } = record.newest;
  if (action === "DELETE" && change === record.newest && isAllowed(entity, "create")) {
    return [["Restore", () => restore(record)]];
  }
  const isPast = change !== record.newest && ![action, change.action].includes("DELETE");
  const label = `Revert to version ${change.version}`;
  return isPast && isAllowed(entity, "update")
    ? [[label, () => revert(record, change.version)]]
    : [];
}

export async function showRecord({ parts: [entity = "", id = ""] }) {
  const view = openView("History");
  const path = pathOf(entity);
  if (!path || !ID.test(id)) throw new Error("Record not found. Check the address of this page.");
  const url = `${path}/${id}`;
  let newest = null;
  // Without permission to read the record, the log has its history as well.
  const source = isAllowed(entity, "read") ? `${url}/history` : "/audit/changes";
  const parameters = isAllowed(entity, "read") ? {} : { entity, entity_id: id };
  const load = async (cursor) => {
    const page = await call(`${source}${query({ ...parameters, cursor })}`);
    newest ??= page.items[0];
    return page;
  };
  const buttons = (change) => {
    const record = { url, name: `${entity} ${nameOf(entity, id)}`, newest };
    return actionsFor(record, change).map(([label, action]) => button(label, action));
  };
  const afterLoad = async (items) => {
    await loadNames(items);
    if (view.isConnected) setHeading(`${entity} ${nameOf(entity, id)}`);
  };
  view.classList.add("history");
  await pagedList(view, {
    load,
    item: (change) => changeItem(change, buttons),
    afterLoad,
    empty: "",
  });
}
