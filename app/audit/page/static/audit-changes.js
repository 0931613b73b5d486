// The list of changes.
import { call } from "./audit-api.js";
import { button, make } from "./audit-dom.js";
import { changeItem } from "./audit-entry.js";
import { follow } from "./audit-feed.js";
import { DATES, filters, timeRange } from "./audit-filters.js";
import { openView, viewSignal } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { loadNames, storeName } from "./audit-names.js";
import { entityTypes, navigate, query } from "./audit-route.js";
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
const CHECKED = ["action", "key_id", "request_id"]; // the feed has no such filters
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

/** Offer changes that are committed after a page, in `hint`, until the signal `view`. */
function announceNew(hint, values, page, view) {
  const shown = new Set(page.items.map((each) => each.id));
  const { entity, entity_id, actor_id } = values;
  const isNew = ({ id, ...change }) =>
    !shown.has(id) &&
    CHECKED.every((name) => !values[name] || values[name] === change[name]);
  // One button, as the next change must not take the focus from it.
  const more = button("", () => navigate(location.hash));
  const show = (text) => {
    more.textContent = text;
    if (!more.isConnected) hint.append(more);
  };
  let count = 0;
  const path = `/audit/changes/stream${query({ entity, entity_id, actor_id })}`;
  return follow(view, path, page.complete_until, ({ event, data }) => {
    if (event === "reset") show("Show new changes");
    if (event !== "change" || !isNew(JSON.parse(data))) return;
    shown.add(JSON.parse(data).id); // an event may come twice
    count += 1;
    show(count === 1 ? "Show 1 new change" : `Show ${count} new changes`);
  });
}

export async function showChanges({ values }) {
  const view = openView("Changes");
  const signal = viewSignal();
  const hint = make("p", { className: "note", role: "status" });
  view.append(filters("changes", FORM, values), hint);
  const { entity, entity_id, action, actor_id, key_id, request_id, field } = values;
  const equal = { entity, entity_id, action, actor_id, key_id, request_id };
  const parameters = { ...equal, ...timeRange(values) };
  let first = null;
  const load = async (cursor) => {
    if (field) return searchField(parameters, field, cursor);
    const page = await call(`/audit/changes${query({ ...parameters, cursor })}`);
    first ??= page;
    return page;
  };
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
  if (first && !values.to) announceNew(hint, values, first, signal);
}
