/**
 * Tokens of the signed-in user, shared by all tabs of this browser.
 *
 * A refresh token is valid once: sent twice, it ends the session. All tabs use the same
 * one, so that one of them refreshes while the others wait for it.
 *
 * They are in IndexedDB, whose transactions come one after the other for all tabs. The
 * localStorage of another tab can be some milliseconds old, even under a lock: this tab
 * would take a token for unused that the other one has just used.
 *
 * Both can be read by any script of this origin: allow no foreign scripts (see the
 * Content-Security-Policy in index.html).
 */
import { API } from "./config.js";

/** @typedef {import("./schema").components["schemas"]["TokenPair"]} TokenPair */

const STORE = "tokens";
const KEY = "pair";
const LOCK = "tokens";
// A channel does not receive its own messages, so one sends and another one receives.
const announcing = new BroadcastChannel("session");
const listening = new BroadcastChannel("session");

/** @returns {Promise<IDBDatabase>} open until the data of the site is cleared */
function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("session");
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} request
 * @returns {Promise<T>} the result, once the transaction is complete
 */
async function inStore(mode, request) {
  const database = await open();
  const transaction = database.transaction(STORE, mode);
  const made = request(transaction.objectStore(STORE));
  database.close(); // once the transaction has ended
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(made.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<TokenPair | undefined>} undefined: no user is signed in */
export function heldTokens() {
  return inStore("readonly", (store) => store.get(KEY));
}

/** @param {TokenPair} pair */
async function hold(pair) {
  await inStore("readwrite", (store) => store.put(pair, KEY));
}

async function forget() {
  await inStore("readwrite", (store) => store.delete(KEY));
  announcing.postMessage("signed out");
}

/**
 * Call `changed` when this tab or another one has signed in or out.
 * @param {() => void} changed
 */
export function onChange(changed) {
  listening.addEventListener("message", changed);
}

/**
 * @param {string} email
 * @param {string} password
 * @returns {Promise<string>} a message for the user; empty if it succeeded
 */
export async function signIn(email, password) {
  const body = new URLSearchParams({ username: email, password });
  const response = await post("login", { body });
  if (!response.ok) return (await response.json()).detail;
  await hold(await response.json());
  announcing.postMessage("signed in");
  return "";
}

/**
 * @param {string} used the access token that was rejected
 * @returns {Promise<TokenPair | undefined>} newer ones; undefined: the session has ended
 */
export async function refreshedTokens(used) {
  return navigator.locks.request(LOCK, async () => {
    const held = await heldTokens();
    // Another tab has refreshed or signed out, while this one waited for the lock.
    if (held?.access_token !== used) return held;
    const response = await post("refresh", {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: held.refresh_token }),
    });
    if (response.status !== 401 && !response.ok) throw new Error("Try again later");
    await (response.ok ? hold(await response.json()) : forget());
    return heldTokens();
  });
}

/** Forget the tokens in all tabs, once none of them is refreshing. */
export async function forgetTokens() {
  await navigator.locks.request(LOCK, forget);
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
function post(path, init) {
  return fetch(`${API}/api/v1/auth/${path}`, { method: "POST", ...init });
}
