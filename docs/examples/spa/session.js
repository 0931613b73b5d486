/**
 * Tokens of the signed-in user, shared by all tabs of this browser.
 *
 * A refresh token is valid once: sent twice, it ends the session. All tabs use the same
 * one, so that one of them refreshes while the others wait for it.
 *
 * localStorage can be read by any script of this origin: allow no foreign scripts (see
 * the Content-Security-Policy in index.html).
 */
import { API } from "./config.js";

/** @typedef {import("./schema").components["schemas"]["TokenPair"]} TokenPair */

const KEY = "tokens";
const LOCK = "tokens";

/** @returns {TokenPair | null} */
export function heldTokens() {
  const text = localStorage.getItem(KEY);
  return text ? JSON.parse(text) : null;
}

/** @param {TokenPair | null} pair */
function hold(pair) {
  if (pair) localStorage.setItem(KEY, JSON.stringify(pair));
  else localStorage.removeItem(KEY);
}

/**
 * Call `changed` when another tab signs in or out. A browser tells other tabs only.
 * @param {() => void} changed
 */
export function onOtherTab(changed) {
  addEventListener("storage", (event) => {
    if (event.key === KEY && (event.oldValue === null) !== (event.newValue === null)) {
      changed();
    }
  });
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
  hold(await response.json());
  return "";
}

/**
 * Return tokens that are newer than `used`, or null if the session has ended.
 * @param {string} used the access token that was rejected
 * @returns {Promise<TokenPair | null>}
 */
export async function refreshedTokens(used) {
  return navigator.locks.request(LOCK, async () => {
    const held = heldTokens();
    // Another tab has refreshed or signed out, while this one waited for the lock.
    if (held?.access_token !== used) return held;
    const response = await post("refresh", {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: held.refresh_token }),
    });
    if (response.status !== 401 && !response.ok) throw new Error("Try again later");
    hold(response.ok ? await response.json() : null);
    return heldTokens();
  });
}

/** End the session on the server, and in all tabs. */
export async function signOut() {
  await navigator.locks.request(LOCK, async () => {
    const held = heldTokens();
    hold(null);
    if (!held) return;
    const headers = { Authorization: `Bearer ${held.access_token}` };
    await post("logout", { headers }).catch(() => undefined);
  });
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
function post(path, init) {
  return fetch(`${API}/api/v1/auth/${path}`, { method: "POST", ...init });
}
