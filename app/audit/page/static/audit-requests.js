// The list of requests, and the view of one request.
import { call } from "./audit-api.js";
import { anchor, collapsible, definitionList, make } from "./audit-dom.js";
import { changeItem } from "./audit-entry.js";
import { DATES, filters, timeRange } from "./audit-filters.js";
import { openView } from "./audit-layout.js";
import { pagedList } from "./audit-list.js";
import { loadNames } from "./audit-names.js";
import { link, query } from "./audit-route.js";
import { ANONYMOUS, withKey } from "./audit-text.js";
import { exact, time } from "./audit-time.js";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"].map((name) => [name, name]);
const FORM = [
  { name: "method", label: "Method", options: [["", "Any"], ...METHODS] },
  { name: "status", label: "Status", inputMode: "numeric", placeholder: "403" },
  { name: "ip", label: "IP address", placeholder: "192.0.2.1" },
  ...DATES,
];
const NOT_RECORDED_YET =
  "Not in the access log yet: requests are recorded about a second after the response.";

const MORE = "More entries have this request ID: filter the lists by it to see all.";

const userOf = (access) =>
  withKey(access.user_label ?? access.user_name ?? access.user_id ?? ANONYMOUS, access);
const idOf = ({ request_id, request_id_source }) =>
  request_id_source ? `${request_id} (chosen by the ${request_id_source})` : request_id;

const requestLink = (id, text = id) => anchor(link(["request", id]), text);

function details(access) {
  const filterLink = (name, value, text = value) =>
    value && anchor(link(["requests"], { [name]: value }), text);
  const user = userOf(access);
  return definitionList([
    ["Time", exact(access.at)],
    ["User", access.user_id ? filterLink("user_id", access.user_id, user) : user],
    ["Request", `${access.method} ${access.path}${access.query ? `?${access.query}` : ""}`],
    ["Response", `${access.status ?? "none"} (${access.outcome})`],
    ["Duration", `${access.duration_ms} ms, ${access.bytes} bytes`],
    ["IP address", filterLink("ip", access.ip)],
    ["User agent", access.user_agent],
    ["API key", filterLink("key_id", access.key_id, access.key_name)],
    ["Session", filterLink("session_id", access.session_id)],
    ["Route", filterLink("route", access.route)],
    ["Exported records", access.exported_rows?.toString()],
    ["Repeats", access.replay_of && requestLink(access.replay_of)],
    ["Request ID", requestLink(access.request_id, idOf(access))],
  ]);
}

function requestItem(access) {
  const failed = !access.status || access.status >= 400;
  const status = make(
    "span",
    { className: failed ? "status failed" : "status" },
    String(access.status ?? "none"),
  );
  const target = make("code", {}, `${access.method} ${access.path}`);
  const line = [make("strong", {}, userOf(access)), " requested ", target, " → ", status];
  return collapsible(time(access.at), line, () => [details(access)]);
}

export async function showRequests({ values }) {
  const view = openView("Requests");
  view.append(filters("requests", FORM, values));
  const { method, status, ip, user_id, key_id, session_id, route, request_id, outcome } = values;
  const equal = { method, status, ip, user_id, key_id, session_id, route, request_id, outcome };
  const load = (cursor) =>
    call(`/audit/accesses${query({ ...equal, ...timeRange(values), cursor })}`);
  await pagedList(view, { load, item: requestItem, empty: "No matching requests." });
}

export async function showRequest({ parts: [id = ""] }) {
  const view = openView("Request");
  const path = `/audit/requests/${encodeURIComponent(id)}`;
  const { accesses, changes, has_more } = await call(path);
  const items = changes.map((change) => changeItem(change, undefined, true));
  view.append(
    make("p", { className: "note" }, make("code", {}, id)),
    ...accesses.map((access) => make("div", { className: "card" }, details(access))),
    accesses.length ? "" : make("p", { className: "note" }, NOT_RECORDED_YET),
    has_more ? make("p", { className: "note" }, MORE) : "",
    make("h2", {}, changes.length ? "Changes" : "No changes"),
    make("ol", { className: "entries" }, ...items),
  );
  await loadNames(changes);
}
