// The list of changes.
import { call } from "./audit-api.js";
import { changeItem } from "./audit-entry.js";
import { DATES, filters, timeRange } from "./audit-filters.js";
import { openView } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { loadNames, storeName } from "./audit-names.js";
import { entityTypes, query } from "./audit-route.js";
import { fields, spaced } from "./audit-text.js";
import { exact } from "./audit-time.js";

const ACTIONS = [
  ["", "Any"],
  ["UPDATE", "Changed"],
  ["INSERT", "Created"],
  ["DELETE", "Deleted"],
  ["UNAUDITED", "Unaudited"],
];
const ENTITIES = [["", "Any"], ...Object.keys(entityTypes).map((name) => [name, name])];
const FORM = [
  { name: "entity", label: "Record type", options: ENTITIES },
  { name: "action", label: "Action", options: ACTIONS },
  { name: "field", label: "Field", placeholder: "price" },
  ...DATES,
];
const ENOUGH_MATCHES = 25;
const MAX_PAGES = 5; // per search

/** Return changes of a field. The API has no such filter, so search page by page. */
async function searchField(parameters, field, cursor) {
  const wanted = spaced(field).trim().toLowerCase();
  const matches = (change) =>
    change.action === "UPDATE" && fields(change).some((name) => spaced(name) === wanted);
  const items = [];
  let next = cursor,
    oldest = null;
  for (let i = 0; i < MAX_PAGES && items.length < ENOUGH_MATCHES && (next || i === 0); i += 1) {
    const page = await call(`/audit/changes${query({ ...parameters, limit: 200, cursor: next })}`);
    items.push(...page.items.filter(matches));
    oldest = page.items.at(-1)?.at ?? oldest;
    next = page.next;
  }
  return { items, next, message: next ? `Searched back to ${exact(oldest)}.` : null };
}

export async function showChanges({ values }) {
  const view = openView("Changes");
  view.append(filters("changes", FORM, values));
  const { entity, entity_id, action, actor_id, key_id, request_id, field } = values;
  const equal = { entity, entity_id, action, actor_id, key_id, request_id };
  const parameters = { ...equal, ...timeRange(values) };
  const load = (cursor) =>
    field
      ? searchField(parameters, field, cursor)
      : call(`/audit/changes${query({ ...parameters, cursor })}`);
  const afterLoad = async (items) => {
    for (const each of items) storeName("User", each.actor_id, { email: each.actor_label });
    await loadNames(items);
  };
  await pagedList(view, {
    load,
    item: (change) => changeItem(change),
    afterLoad,
    empty: "No matching changes.",
  });
}
