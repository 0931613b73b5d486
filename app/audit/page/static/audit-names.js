// Knows what records are called: the log has their ids, people know their names.
import { Problem, call } from "./audit-api.js";
import { make } from "./audit-dom.js";
import { kinds, query } from "./audit-place.js";

const FIELDS = ["sku", "title", "name", "email"];
const MOST = 30; // records that are asked for one by one

const names = new Map();
const listed = new Set();
let allowed = new Set();

const key = (entity, id) => `${entity}/${id}`;
const isUnknown = (change) => !names.has(key(change.entity, change.entity_id));

/** Begin anew, for somebody with these permissions: nothing else is asked for. */
export function allow(permissions) {
  allowed = new Set(permissions);
  names.clear();
  listed.clear();
}

export function pathOf(entity) {
  return Object.hasOwn(kinds, entity) ? kinds[entity].path : null;
}

export function may(entity, action) {
  const path = pathOf(entity);
  return path !== null && allowed.has(`${path.slice(1)}:${action}`);
}

export function nameIn(record) {
  return FIELDS.map((field) => record[field]).find((value) => value);
}

export function nameOf(entity, id) {
  return names.get(key(entity, id)) ?? `…${(id ?? "").slice(-8)}`;
}

/** Return a record's name as an element, which learns better when we do. */
export function named({ entity, entity_id: id }) {
  const element = make("strong", { className: "name" }, nameOf(entity, id));
  element.dataset.record = key(entity, id);
  return element;
}

export function remember(entity, id, record) {
  const name = nameIn(record);
  if (name) names.set(key(entity, id), name);
}

async function list(entity) {
  listed.add(entity);
  const page = await call(`${pathOf(entity)}?limit=200&count=false`);
  for (const record of page.items) remember(entity, record.id, record);
}

async function ask({ entity, entity_id: id, at }) {
  remember(entity, id, await call(`${pathOf(entity)}/${id}${query({ as_of: at })}`));
}

function learnFrom(changes) {
  for (const change of changes.filter(isUnknown)) {
    const whole = { INSERT: change.new, DELETE: change.old }[change.action];
    if (whole) remember(change.entity, change.entity_id, whole);
  }
}

function show() {
  for (const element of document.querySelectorAll("[data-record]")) {
    element.textContent = names.get(element.dataset.record) ?? element.textContent;
  }
}

/** Find names for what these changes are about: a list a kind, then one by one. */
export async function learn(changes) {
  const readable = changes.filter((each) => may(each.entity, "read"));
  try {
    for (const { entity } of readable.filter(isUnknown)) {
      if (!listed.has(entity)) await list(entity);
    }
    learnFrom(changes);
    for (const change of readable.filter(isUnknown).slice(0, MOST)) {
      if (isUnknown(change)) await ask(change);
    }
  } catch (error) {
    // A name is a comfort. Whoever lacks it has the id.
    if (!(error instanceof Problem)) throw error;
  }
  learnFrom(changes);
  show();
}
