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
  const none = q ? "Nothing of that name is there now. " : "";
  const hint = make("p", { className: "note", role: "status" }, `${none}What has been deleted is found among the changes.`);
  view.append(make("ul", { className: "found" }, ...matches.map(found)), hint);
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
