// The stream of requests, and the page of one.
import { call } from "./audit-api.js";
import { anchor, facts, folded, make } from "./audit-dom.js";
import { entry } from "./audit-entry.js";
import { DAYS, between, filters } from "./audit-filters.js";
import { stream } from "./audit-list.js";
import { learn } from "./audit-names.js";
import { link, query } from "./audit-place.js";
import { begin } from "./audit-shell.js";
import { exact, time } from "./audit-time.js";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"].map((name) => [name, name]);
const FORM = [
  { name: "method", label: "Method", options: [["", "Any"], ...METHODS] },
  { name: "status", label: "Status", inputMode: "numeric", placeholder: "403" },
  { name: "ip", label: "Address", placeholder: "192.0.2.1" },
  ...DAYS,
];

const who = (access) => access.user_label ?? "Somebody not signed in";

function told(access) {
  const only = (name, value, words = value) =>
    value && anchor(link(["requests"], { [name]: value }), words);
  return facts([
    ["When", exact(access.at)],
    ["Who", access.user_id ? only("user_id", access.user_id, who(access)) : who(access)],
    ["Asked", `${access.method} ${access.path}${access.query ? `?${access.query}` : ""}`],
    ["Answer", `${access.status ?? "none"} (${access.outcome})`],
    ["Took", `${access.duration_ms} ms, ${access.bytes} bytes`],
    ["From", only("ip", access.ip)],
    ["With", access.user_agent],
    ["Session", only("session_id", access.session_id)],
    ["Route", only("route", access.route)],
    ["Request", anchor(link(["request", access.request_id]), access.request_id)],
  ]);
}

function item(access) {
  const failed = !access.status || access.status >= 400;
  const status = make(
    "span",
    { className: failed ? "status failed" : "status" },
    String(access.status ?? "none"),
  );
  const asked = make("code", {}, `${access.method} ${access.path}`);
  const words = [make("strong", {}, who(access)), " asked ", asked, " → ", status];
  return folded(time(access.at), words, () => [told(access)]);
}

export async function showRequests({ values }) {
  const view = begin("Requests");
  view.append(filters("requests", FORM, values));
  const { method, status, ip, user_id, session_id, route, request_id, outcome } = values;
  const asked = { method, status, ip, user_id, session_id, route, request_id, outcome };
  const read = (cursor) =>
    call(`/audit/accesses${query({ ...asked, ...between(values), cursor })}`);
  await stream(view, { read, item, empty: "No requests like that." });
}

export async function showRequest({ parts: [id = ""] }) {
  const view = begin("One request");
  const { accesses, changes } = await call(`/audit/requests/${encodeURIComponent(id)}`);
  const entries = changes.map((change) => entry(change, undefined, true));
  view.append(
    make("p", { className: "note" }, make("code", {}, id)),
    ...accesses.map((access) => make("div", { className: "card" }, told(access))),
    accesses.length
      ? ""
      : make(
          "p",
          { className: "note" },
          "Who asked is written down about a second after the answer; nothing is known of it here.",
        ),
    make("h2", {}, changes.length ? "What it changed" : "It changed nothing"),
    make("ol", { className: "entries" }, ...entries),
  );
  await learn(changes);
}
