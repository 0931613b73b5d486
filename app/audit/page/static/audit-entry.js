// One entry of the change log: a summary line that expands to both versions.
import { anchor, collapsible, definitionList, make } from "./audit-dom.js";
import { nameElement, pathOf } from "./audit-names.js";
import { link } from "./audit-route.js";
import { actor, fields, isRedacted, spaced, summary, valueText } from "./audit-text.js";
import { exact, time } from "./audit-time.js";

function cell(change, side, field) {
  const snapshot = change[side];
  const value = snapshot?.[field];
  if (!Object.hasOwn(snapshot, field)) return make("td");
  if (value !== null && isRedacted(change.entity, field)) {
    const text = side === "new" && change.old ? "hidden (changed)" : "hidden";
    return make("td", { className: "blank" }, text);
  }
  const className = value === null || value === "" ? "blank" : side;
  return make("td", { className }, valueText(value));
}

/** Return a table of the changed fields, with the old and new values side by side. */
export function comparison(change, before = "Before", after = "After") {
  // An INSERT has no old values, and a DELETE no new ones.
  const sides = ["old", "new"].filter((side) => change[side]);
  const titles = { old: before, new: after };
  const row = (field) => {
    const cells = sides.map((side) => cell(change, side, field));
    return make("tr", {}, make("th", { scope: "row" }, spaced(field)), ...cells);
  };
  const names = ["Field", ...sides.map((side) => titles[side])];
  const heads = names.map((name) => make("th", { scope: "col" }, name));
  return make(
    "table",
    { className: "comparison" },
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...fields(change).map(row)),
  );
}

function links(change) {
  const { entity, entity_id: id, actor_id, key_id, key_name } = change;
  const history = [`History of ${entity} `, nameElement(change)];
  return make(
    "p",
    { className: "links" },
    pathOf(entity) && anchor(link(["record", entity, id]), ...history),
    anchor(link(["request", change.request_id]), "Request"),
    actor_id && anchor(link(["changes"], { actor_id }), `All changes by ${actor(change)}`),
    key_id && anchor(link(["changes"], { key_id }), `All changes with the API key ${key_name}`),
  );
}

function body(change, buttons) {
  return [
    fields(change).length ? comparison(change) : null,
    definitionList([
      ["Time", exact(change.at)],
      ["User", actor(change)],
      ["Record", `${change.entity} ${change.entity_id ?? ""}`],
      ["Version", change.version === null ? "" : String(change.version)],
      ["Reason", change.reason],
      ["Request ID", change.request_id],
    ]),
    links(change),
    buttons.length ? make("p", { className: "actions" }, ...buttons) : null,
  ];
}

/** Return a list item; `buttons(change)` returns the buttons of its body. */
export function changeItem(change, buttons = () => [], open = false) {
  const item = collapsible(time(change.at), summary(change), () => body(change, buttons(change)));
  item.firstChild.open = open;
  item.dataset.version = change.version ?? "";
  return item;
}
