// One change: a line that opens to what was before and what came after, side by side.
import { anchor, facts, folded, make } from "./audit-dom.js";
import { named, pathOf } from "./audit-names.js";
import { link } from "./audit-place.js";
import { exact, time } from "./audit-time.js";
import { actor, fields, isHidden, sentence, spaced, text } from "./audit-words.js";

function cell(change, side, field) {
  const image = change[side];
  const value = image?.[field];
  if (!Object.hasOwn(image, field)) return make("td");
  if (value !== null && isHidden(change.entity, field)) {
    const words = side === "new" && change.old ? "hidden (changed)" : "hidden";
    return make("td", { className: "blank" }, words);
  }
  const className = value === null || value === "" ? "blank" : side;
  return make("td", { className }, text(value));
}

/** Return the table of the fields: side by side. */
export function comparison(change, before = "Before", after = "After") {
  // What was made has no old side, and what was deleted no new one.
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
    { className: "sides" },
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...fields(change).map(row)),
  );
}

function links(change) {
  const { entity, entity_id: id } = change;
  return make(
    "p",
    { className: "links" },
    pathOf(entity) && anchor(link(["record", entity, id]), `Timeline of ${entity} `, named(change)),
    anchor(link(["request", change.request_id]), "The request"),
    change.actor_id &&
      anchor(link(["changes"], { actor_id: change.actor_id }), `All by ${actor(change)}`),
  );
}

function body(change, extra) {
  return [
    fields(change).length ? comparison(change) : null,
    facts([
      ["When", exact(change.at)],
      ["Who", actor(change)],
      ["Record", `${change.entity} ${change.entity_id ?? ""}`],
      ["Version", text(change.version ?? "")],
      ["Why", change.reason],
      ["Request", change.request_id],
    ]),
    links(change),
    extra.length ? make("p", { className: "actions" }, ...extra) : null,
  ];
}

/** Return a list item; `extra` makes buttons for its body. */
export function entry(change, extra = () => [], open = false) {
  const item = folded(time(change.at), sentence(change), () => body(change, extra(change)));
  item.firstChild.open = open;
  item.dataset.version = change.version ?? "";
  return item;
}
