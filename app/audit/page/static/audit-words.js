// Says in plain words what a change was.
import { make } from "./audit-dom.js";
import { named } from "./audit-names.js";
import { kinds } from "./audit-place.js";

const VERBS = { INSERT: "created", UPDATE: "changed", DELETE: "deleted" };
// Every change changes them, so they tell nothing.
const USUAL = new Set(["updated_at", "version"]);
const MOST = 3; // fields in one line
const LONGEST = 48; // characters of a value in one line

export const actor = (change) => change.actor_label ?? "Somebody not signed in";
export const spaced = (name) => name.replaceAll("_", " ");

/** Return the names of the fields that a change is about. */
export function fields(change) {
  const names = new Set([...Object.keys(change.old ?? {}), ...Object.keys(change.new ?? {})]);
  return [...names].filter((name) => !USUAL.has(name));
}

export function isHidden(entity, field) {
  return Object.hasOwn(kinds, entity) && kinds[entity].redacted.includes(field);
}

export function text(value) {
  if (value === null || value === undefined) return "nothing";
  if (value === "") return "empty";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const short = (words) => (words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words);

function step(change, field) {
  const name = make("span", { className: "field" }, spaced(field));
  if (isHidden(change.entity, field)) return [name, " hidden (changed)"];
  const [old, now] = [change.old?.[field], change.new?.[field]].map((each) => short(text(each)));
  return [name, " ", make("del", {}, old), " → ", make("ins", {}, now)];
}

function steps(change) {
  if (change.action !== "UPDATE") return [];
  const all = fields(change);
  const shown = all.slice(0, MOST).map((field, i) => [i ? ", " : ": ", ...step(change, field)]);
  const rest = all.length - MOST;
  return [...shown.flat(), rest > 0 ? `, and ${rest} more` : ""];
}

/** Return one line: who did what, from what, to what, and why. */
export function sentence(change) {
  const who = make("strong", {}, actor(change));
  if (change.action === "UNAUDITED") {
    return [who, ` wrote to ${change.entity} past the audit: ${change.reason}`];
  }
  const verb = VERBS[change.action] ?? change.action;
  const reason = change.reason ? make("em", {}, change.reason) : "";
  return [who, ` ${verb} ${change.entity} `, named(change), ...steps(change), " ", reason];
}
