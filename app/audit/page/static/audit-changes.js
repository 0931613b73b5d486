// The stream of changes.
import { call } from "./audit-api.js";
import { entry } from "./audit-entry.js";
import { DAYS, between, filters } from "./audit-filters.js";
import { stream } from "./audit-list.js";
import { learn, remember } from "./audit-names.js";
import { kinds, query } from "./audit-place.js";
import { begin } from "./audit-shell.js";
import { exact } from "./audit-time.js";
import { fields, spaced } from "./audit-words.js";

const ACTIONS = [
  ["", "Anything"],
  ["UPDATE", "Changed"],
  ["INSERT", "Created"],
  ["DELETE", "Deleted"],
  ["UNAUDITED", "Past the audit"],
];
const ENTITIES = [["", "All records"], ...Object.keys(kinds).map((each) => [each, each])];
const FORM = [
  { name: "entity", label: "Record", options: ENTITIES },
  { name: "action", label: "What", options: ACTIONS },
  { name: "field", label: "Field", placeholder: "price" },
  ...DAYS,
];
const ENOUGH = 25;
const STRETCHES = 5; // read at once, in search of a field

/** The API knows no filter by field, so we look through what it sends. */
async function search(asked, field, cursor) {
  const wanted = spaced(field).trim().toLowerCase();
  const touches = (change) =>
    change.action === "UPDATE" && fields(change).some((name) => spaced(name) === wanted);
  const items = [];
  let next = cursor,
    oldest = null;
  for (let i = 0; i < STRETCHES && items.length < ENOUGH && (next || i === 0); i += 1) {
    const stretch = await call(`/audit/changes${query({ ...asked, limit: 200, cursor: next })}`);
    items.push(...stretch.items.filter(touches));
    oldest = stretch.items.at(-1)?.at ?? oldest;
    next = stretch.next;
  }
  return { items, next, says: next ? `Looked back to ${exact(oldest)}.` : null };
}

export async function showChanges({ values }) {
  const view = begin("Changes");
  view.append(filters("changes", FORM, values));
  const { entity, entity_id, action, actor_id, request_id, field } = values;
  const asked = { entity, entity_id, action, actor_id, request_id, ...between(values) };
  const read = (cursor) =>
    field ? search(asked, field, cursor) : call(`/audit/changes${query({ ...asked, cursor })}`);
  const after = async (items) => {
    for (const each of items) remember("User", each.actor_id, { email: each.actor_label });
    await learn(items);
  };
  await stream(view, {
    read,
    item: (change) => entry(change),
    after,
    empty: "No changes like that.",
  });
}
