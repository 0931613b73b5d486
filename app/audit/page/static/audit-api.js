// Speaks to the API. The tokens live here, in memory, and end with the tab.
import { api } from "./audit-place.js";

// Milliseconds before its end at which a token is no longer used.
const MARGIN = 20_000;

let tokens = null;
let renewal = null;

export class SignedOut extends Error {}

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function asJson(body) {
  const headers = { "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

async function send(path, options) {
  let answer;
  try {
    answer = await fetch(api + path, { ...options, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service does not answer.");
  }
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new Problem(answer.status, explain(answer, body));
}

function explain(answer, body) {
  const detail = body.detail ?? `The service answered ${answer.status}`;
  const errors = (body.errors ?? []).map((each) => `${each.loc.join(" ")}: ${each.msg}`);
  return [detail, ...errors].join(". ");
}

function keep(pair) {
  const until = Date.now() + pair.expires_in * 1000 - MARGIN;
  tokens = { access: pair.access_token, refresh: pair.refresh_token, until };
}

export async function signIn(username, password) {
  const body = new URLSearchParams({ username, password });
  keep(await send("/auth/login", { method: "POST", body }));
}

export async function signOut(options = {}) {
  if (!tokens) return;
  const headers = { Authorization: `Bearer ${tokens.access}` };
  tokens = null;
  await send("/auth/logout", { method: "POST", headers, ...options });
}

// One renewal for all who wait: a refresh token that is used twice ends the session.
function renew() {
  const old = tokens;
  renewal ??= send("/auth/refresh", asJson({ refresh_token: old.refresh }))
    .then((pair) => tokens === old && keep(pair), lose)
    .finally(() => (renewal = null));
  return renewal;
}

function lose(error) {
  if (error.status !== 401) throw error;
  tokens = null;
  throw new SignedOut("Your session has ended. Please sign in again.");
}

export async function call(path, options = {}) {
  if (tokens && Date.now() > tokens.until) await renew();
  if (!tokens) throw new SignedOut("");
  const headers = { ...options.headers, Authorization: `Bearer ${tokens.access}` };
  return send(path, { ...options, headers }).catch((error) => {
    if (error.status === 401) lose(error);
    throw error;
  });
}
