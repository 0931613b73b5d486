/** The generated client, with the tokens of the session in each request. */
import createClient from "./node_modules/openapi-fetch/dist/index.mjs";
import { API } from "./config.js";
import { forgetTokens, heldTokens, refreshedTokens } from "./session.js";

/** @typedef {import("./schema").paths} paths */
/** @typedef {import("./schema").components["schemas"]} Schemas */

/**
 * Send a request; if the access token has expired, refresh it and send it again.
 * @param {Request} request
 * @returns {Promise<Response>} 401 if the session has ended
 */
export async function authorizedFetch(request) {
  const held = await heldTokens();
  if (!held) return fetch(request);
  const again = request.clone(); // the body of a request can be read once
  const response = await send(request, held.access_token);
  if (response.status !== 401) return response;
  const fresh = await refreshedTokens(held.access_token);
  return fresh ? send(again, fresh.access_token) : response;
}

/**
 * @param {Request} request
 * @param {string} token
 */
function send(request, token) {
  request.headers.set("Authorization", `Bearer ${token}`);
  return fetch(request);
}

/** @type {import("openapi-fetch").Client<paths>} */
export const client = createClient({ baseUrl: API, fetch: authorizedFetch });

/**
 * End the session on the server and in all tabs; if it does not answer, in the tabs.
 * The refresh token does it also when the access token has expired.
 */
export async function signOut() {
  const held = await heldTokens();
  if (held) {
    const body = { refresh_token: held.refresh_token };
    const signal = AbortSignal.timeout(5_000);
    await client.POST("/api/v1/auth/revoke", { body, signal }).catch(() => undefined);
  }
  await forgetTokens();
}
