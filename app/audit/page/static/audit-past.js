// The past of a collection: its records as of a time, and the deleted ones.
import { call } from "./audit-api.js";
import { anchor, button, collapsible, definitionList, make } from "./audit-dom.js";
import { filters } from "./audit-filters.js";
import { openView } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { isAllowed, nameIn, pathOf } from "./audit-names.js";
import { restore } from "./audit-revert.js";
import { entityTypes, link, query } from "./audit-route.js";
import { ANONYMOUS, spaced, valueText } from "./audit-text.js";
import { exact, instant, localNow, time } from "./audit-time.js";

const LIMIT = 50;

const readableTypes = () => Object.keys(entityTypes).filter((name) => isAllowed(name, "read"));

/** Return the field that chooses a collection, and the one that is chosen. */
function collectionChoice(values) {
  const names = readableTypes();
  if (!names.length) throw new Error("Reading past records needs permission to read records: ask an administrator.");
  const entity = names.includes(values.entity) ? values.entity : names[0];
  const options = names.map((name) => [name, name]);
  return [{ name: "entity", label: "Record type", options }, entity];
}

function details(entity, id, record, buttons = []) {
  const facts = Object.entries(record ?? {}).map(([name, value]) => [
    spaced(name),
    valueText(value),
  ]);
  const history = anchor(link(["record", entity, id]), `History of ${entity}`);
  return [
    record ? definitionList(facts) : make("p", { className: "note" }, "Its values are not known."),
    make("p", { className: "links" }, history),
    buttons.length ? make("p", { className: "actions" }, ...buttons) : null,
  ].filter(Boolean);
}

export async function showPast({ values }) {
  const view = openView("Past");
  const [choice, entity] = collectionChoice(values);
  const chosen = { at: localNow(), ...values, entity };
  const form = [
    choice,
    { name: "at", label: "As of", type: "datetime-local", step: "any" },
    { name: "q", label: "Search", type: "search" },
  ];
  view.append(filters("past", form, chosen));
  const as_of = instant(chosen.at);
  const total = make("p", { className: "note", role: "status" });
  view.append(total);
  const load = async (after) => {
    const parameters = { as_of, q: chosen.q, after, limit: LIMIT, count: after ? "false" : "" };
    const page = await call(`${pathOf(entity)}${query(parameters)}`);
    if (page.total !== null) total.textContent = `${page.total} in total, as of ${exact(as_of)}.`;
    const items = page.items.map((record) => ({ at: record.created_at, record }));
    return { items, next: items.length === LIMIT ? page.items.at(-1).id : null };
  };
  const item = ({ at, record }) => {
    const name = make("strong", {}, nameIn(record) ?? record.id);
    const line = [`${entity} `, name, ` version ${record.version}`];
    return collapsible(time(at), line, () => details(entity, record.id, record));
  };
  await pagedList(view, { load, item, empty: "No records at that time." });
}

export async function showDeleted({ values }) {
  const view = openView("Deleted");
  const [choice, entity] = collectionChoice(values);
  view.append(filters("deleted", [choice], { entity }));
  const load = async (cursor) => {
    const page = await call(`${pathOf(entity)}/deleted${query({ cursor })}`);
    return { ...page, items: page.items.map((each) => ({ ...each, at: each.deleted_at })) };
  };
  const item = ({ id, at, actor, record }) => {
    const name = nameIn(record ?? {}) ?? `…${id.slice(-8)}`;
    const user = make("strong", {}, actor?.label ?? actor?.name ?? actor?.id ?? ANONYMOUS);
    const line = [user, ` deleted ${entity} `, make("strong", {}, name)];
    const target = { url: `${pathOf(entity)}/${id}`, name: `${entity} ${name}` };
    const buttons = isAllowed(entity, "create") ? [button("Restore", () => restore(target))] : [];
    return collapsible(time(at), line, () => details(entity, id, record, buttons));
  };
  await pagedList(view, { load, item, empty: "No deleted records." });
}
