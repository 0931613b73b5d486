// Names of records. The log has ids only, so names are loaded from the API.
import { Problem, call } from "./audit-api.js";
import { make } from "./audit-dom.js";
import { entityTypes, query } from "./audit-route.js";

const NAME_FIELDS = ["sku", "title", "name", "email"];
const MAX_SINGLE_REQUESTS = 30; // for records that are not on the first page of their list

const names = new Map();
const listed = new Set();
export let permissions = new Set();

const key = (entity, id) => `${entity}/${id}`;
const isUnknown = (change) => !names.has(key(change.entity, change.entity_id));

/** Set the permissions of the signed-in user, and clear all names. */
export function setPermissions(granted) {
  permissions = new Set(granted);
  names.clear();
  listed.clear();
}

export function pathOf(entity) {
  return Object.hasOwn(entityTypes, entity) ? entityTypes[entity].path : null;
}

export function isAllowed(entity, action) {
  const path = pathOf(entity);
  return path !== null && permissions.has(`${path.slice(1)}:${action}`);
}

export function nameIn(record) {
  return NAME_FIELDS.map((field) => record[field]).find((value) => value);
}

/** Return a record's name, or the end of its id if the name is unknown. */
export function nameOf(entity, id) {
  return names.get(key(entity, id)) ?? `…${(id ?? "").slice(-8)}`;
}

/** Return an element with the name of a record; loadNames() updates it. */
export function nameElement({ entity, entity_id: id }) {
  const element = make("strong", { className: "name" }, nameOf(entity, id));
  element.dataset.record = key(entity, id);
  return element;
}

export function storeName(entity, id, record) {
  const name = nameIn(record);
  if (name) names.set(key(entity, id), name);
}

async function loadList(entity) {
  listed.add(entity);
  const page = await call(`${pathOf(entity)}?limit=200&count=false`);
  for (const record of page.items) storeName(entity, record.id, record);
}

async function loadRecord({ entity, entity_id: id, at }) {
  storeName(entity, id, await call(`${pathOf(entity)}/${id}${query({ as_of: at })}`));
}

function storeNamesIn(changes) {
  for (const change of changes.filter(isUnknown)) {
    const record = { INSERT: change.new, DELETE: change.old }[change.action];
    if (record) storeName(change.entity, change.entity_id, record);
  }
}

function updateElements() {
  for (const element of document.querySelectorAll("[data-record]")) {
    element.textContent = names.get(element.dataset.record) ?? element.textContent;
  }
}

/** Load the names of the changed records: one list per entity, then single records. */
export async function loadNames(changes) {
  const readable = changes.filter((each) => isAllowed(each.entity, "read"));
  try {
    for (const { entity } of readable.filter(isUnknown)) {
      if (!listed.has(entity)) await loadList(entity);
    }
    storeNamesIn(changes);
    for (const change of readable.filter(isUnknown).slice(0, MAX_SINGLE_REQUESTS)) {
      if (isUnknown(change)) await loadRecord(change);
    }
  } catch (error) {
    // Names are optional: without one, the page shows the id.
    if (!(error instanceof Problem)) throw error;
  }
  storeNamesIn(changes);
  updateElements();
}
