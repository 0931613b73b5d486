// The differences of all records between two times.
import { call } from "./audit-api.js";
import { anchor, collapsible, make } from "./audit-dom.js";
import { comparison } from "./audit-entry.js";
import { filters } from "./audit-filters.js";
import { openView } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { loadNames, nameElement, pathOf } from "./audit-names.js";
import { entityTypes, link, query } from "./audit-route.js";
import { fieldChanges, fields } from "./audit-text.js";
import { instant, localNow } from "./audit-time.js";

const ENTITIES = [["", "Any"], ...Object.keys(entityTypes).map((name) => [name, name])];
const DAY = 86_400_000;
const TIME = { type: "datetime-local", step: "any" };
const FORM = [
  { name: "entity", label: "Record type", options: ENTITIES },
  { name: "start", label: "From", ...TIME },
  { name: "end", label: "To", ...TIME },
];

/** Convert a difference to the form of one change of the log. */
function asChange(difference, at) {
  const { entity, id, from_version, to_version, changed, unreadable = [] } = difference;
  const side = (i) =>
    Object.fromEntries(Object.entries(changed).map(([name, pair]) => [name, pair[i]]));
  const old = from_version === null ? null : side(0);
  const current = to_version === null ? null : side(1);
  const action = old ? (current ? "UPDATE" : "DELETE") : "INSERT";
  const versions = { from_version, to_version, unreadable };
  return { entity, entity_id: id, at, action, old, new: current, ...versions };
}

function differenceItem(change) {
  const { entity, entity_id: id, from_version, to_version, unreadable } = change;
  if (unreadable.length) {
    const names = unreadable.join(", ");
    const text = ` can’t be compared: ${names} can’t be read`;
    return make("li", { className: "entry" }, nameElement(change), text);
  }
  const verb = { INSERT: " was created", DELETE: " was deleted" }[change.action];
  const record = nameElement(change);
  const line = [record, verb ?? "", ...fieldChanges(change)];
  const versions = `version ${from_version ?? "none"} → ${to_version ?? "none"}`;
  // Made when it is shown: names are loaded later than this line.
  const history = () => [`History of ${entity} `, nameElement(change)];
  return collapsible(make("span", { className: "versions" }, versions), line, () => [
    fields(change).length ? comparison(change, "Before", "After") : "",
    pathOf(entity)
      ? make("p", { className: "links" }, anchor(link(["record", entity, id]), ...history()))
      : "",
  ]);
}

export async function showCompare({ values }) {
  const view = openView("Compare");
  const chosen = { start: localNow(DAY), end: localNow(), ...values };
  view.append(filters("compare", FORM, chosen));
  const times = { from: instant(chosen.start), to: instant(chosen.end) };
  const load = async (cursor) => {
    const parameters = { ...times, entity: chosen.entity, cursor };
    const page = await call(`/audit/diff${query(parameters)}`);
    return { ...page, items: page.items.map((each) => asChange(each, times.to)) };
  };
  await pagedList(view, {
    load,
    item: differenceItem,
    afterLoad: loadNames,
    group: (change) => change.entity,
    empty: "No differences between these times.",
  });
}
