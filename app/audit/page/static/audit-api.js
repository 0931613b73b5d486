// API client. Tokens are kept in memory only, and so are lost with the tab.
import { api } from "./audit-route.js";

// Milliseconds before expiry at which a token is refreshed.
const MARGIN = 20_000;

let tokens = null;
let refreshing = null;

export class SignedOut extends Error {}

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function jsonRequest(body) {
  const headers = { "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

async function request(path, options) {
  try {
    return await fetch(api + path, { ...options, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service is not responding.");
  }
}

async function readBody(response) {
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Problem(response.status, errorMessage(response, body));
}

async function send(path, options) {
  return readBody(await request(path, options));
}

function errorMessage(response, body) {
  const detail = body.detail ?? `The service responded with status ${response.status}`;
  const errors = (body.errors ?? []).map((each) => `${each.loc.at(-1)}: ${each.msg}`);
  return [detail, ...errors].join(". ");
}

function storeTokens(pair) {
  const refreshAt = Date.now() + pair.expires_in * 1000 - MARGIN;
  tokens = { access: pair.access_token, refresh: pair.refresh_token, refreshAt };
}

export async function signIn(username, password) {
  const body = new URLSearchParams({ username, password });
  storeTokens(await send("/auth/login", { method: "POST", body }));
}

export async function changePassword(current, chosen) {
  const body = jsonRequest({ current_password: current, new_password: chosen });
  storeTokens(await call("/auth/password", body));
}

// Concurrent calls share one refresh: using a refresh token twice revokes the session.
function refresh() {
  const old = tokens;
  refreshing ??= send("/auth/refresh", jsonRequest({ refresh_token: old.refresh }))
    .then((pair) => tokens === old && storeTokens(pair), endSession)
    .finally(() => (refreshing = null));
  return refreshing;
}

function endSession(error) {
  if (error.status !== 401) throw error;
  tokens = null;
  throw new SignedOut("Your session has ended. Please sign in again.");
}

async function sendAuthorized(path, options) {
  if (!tokens) throw new SignedOut("");
  const used = tokens;
  const headers = { ...options.headers, Authorization: `Bearer ${used.access}` };
  return { used, response: await request(path, { ...options, headers }) };
}

async function authorized(path, options, read) {
  if (tokens && Date.now() > tokens.refreshAt) await refresh();
  const { used, response } = await sendAuthorized(path, options);
  if (response.status !== 401) return read(response);
  // It has expired all the same: on the way, or since the clock was set back.
  if (tokens === used) await refresh();
  return read((await sendAuthorized(path, options)).response);
}

export const call = (path, options = {}) => authorized(path, options, readBody);

/** Return the body of a response that is read as it arrives. */
export const openStream = (path, options) =>
  authorized(path, options, (response) => (response.ok ? response.body : readBody(response)));

// By the refresh token: a page that is closing has no time to renew an expired one.
export async function signOut(options) {
  if (!tokens) return;
  const body = jsonRequest({ refresh_token: tokens.refresh });
  await send("/auth/revoke", { ...body, ...options });
  tokens = null;
}
