// Text of values and changes.
import { make } from "./audit-dom.js";
import { nameElement } from "./audit-names.js";
import { entityTypes } from "./audit-route.js";

const VERBS = { INSERT: "created", UPDATE: "changed", DELETE: "deleted" };
// Every change modifies these fields, so they are left out.
const BOOKKEEPING = new Set(["updated_at", "version"]);
const MAX_FIELDS = 3; // in one line
const LONG = /^(.{48}).+/su; // a value that is cut in one line

export const ANONYMOUS = "Anonymous";
export const withKey = (user, { key_name }) => (key_name ? `${user} (API key ${key_name})` : user);
export const actor = (change) =>
  withKey(change.actor_label ?? change.actor_name ?? change.actor_id ?? ANONYMOUS, change);
export const spaced = (name) => name.replaceAll("_", " ");

/** Return the names of the changed fields. */
export function fields(change) {
  const names = new Set([...Object.keys(change.old ?? {}), ...Object.keys(change.new ?? {})]);
  return [...names].filter((name) => !BOOKKEEPING.has(name));
}

export function isRedacted(entity, field) {
  return Object.hasOwn(entityTypes, entity) && entityTypes[entity].redacted.includes(field);
}

export function valueText(value) {
  if (value === null || value === undefined) return "none";
  if (value === "") return "empty";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const truncate = (text) => text.replace(LONG, "$1…");

function fieldChange(change, field) {
  const name = make("span", { className: "field" }, spaced(field));
  if (isRedacted(change.entity, field)) return [name, " hidden (changed)"];
  const sides = [change.old?.[field], change.new?.[field]];
  const [old, current] = sides.map((value) => truncate(valueText(value)));
  return [name, " ", make("del", {}, old), " → ", make("ins", {}, current)];
}

/** Return the changed values of an update, for one line. */
export function fieldChanges(change) {
  if (change.action !== "UPDATE") return [];
  const all = fields(change);
  const first = all.slice(0, MAX_FIELDS);
  const parts = first.map((field, i) => [i ? ", " : ": ", ...fieldChange(change, field)]);
  const rest = all.length - MAX_FIELDS;
  return [...parts.flat(), rest > 0 ? `, and ${rest} more` : ""];
}

/** Return the parts of one line: user, action, record, values and reason. */
export function summary(change) {
  const user = make("strong", {}, actor(change));
  if (change.action === "UNAUDITED") {
    return [user, ` made an unaudited write to ${change.entity}: ${change.reason}`];
  }
  const verb = VERBS[change.action] ?? change.action;
  const reason = change.reason ? make("em", {}, change.reason) : "";
  const record = nameElement(change);
  return [user, ` ${verb} ${change.entity} `, record, ...fieldChanges(change), " ", reason];
}
