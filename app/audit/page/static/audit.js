// Entry point of the audit page: sign-in, and the view that the URL's hash names.
import { call, signIn, signOut } from "./audit-api.js";
import { showChanges } from "./audit-changes.js";
import { showCompare } from "./audit-compare.js";
import { showImport } from "./audit-import.js";
import { attempt, showSignIn, showSignedIn } from "./audit-layout.js";
import { setPermissions } from "./audit-names.js";
import { askForNewPassword } from "./audit-password.js";
import { showDeleted, showPast } from "./audit-past.js";
import { showRecord, showRecords } from "./audit-record.js";
import { showRequest, showRequests } from "./audit-requests.js";
import { currentRoute } from "./audit-route.js";

const VIEWS = {
  changes: showChanges,
  requests: showRequests,
  request: showRequest,
  records: showRecords,
  record: showRecord,
  past: showPast,
  deleted: showDeleted,
  compare: showCompare,
  import: showImport,
};
const form = document.getElementById("sign-in");
const bar = document.getElementById("bar");
const heading = document.getElementById("heading");

let isSignedIn = false;
let currentView = null;
let entering = null;

function markTab(view) {
  const name = { record: "records", request: "requests" }[view] ?? view;
  for (const tab of bar.querySelectorAll("nav a")) {
    tab.ariaCurrent = tab.hash === `#/${name}` ? "page" : null;
  }
}

async function show() {
  if (!isSignedIn) return;
  const route = currentRoute();
  const view = Object.hasOwn(VIEWS, route.view) ? route.view : "changes";
  const focused = view === currentView ? document.activeElement?.name : null;
  markTab(view);
  const shown = attempt(() => VIEWS[view](route), show);
  // At once: later, the user may be typing already.
  const control = focused && document.querySelector(`[name="${CSS.escape(focused)}"]`);
  (control || heading).focus();
  currentView = view;
  await shown;
}

async function enter(password) {
  const me = await call("/auth/me");
  if (me.must_change_password) {
    askForNewPassword(password, enter);
    return;
  }
  setPermissions(me.permissions);
  showSignedIn(me.email);
  isSignedIn = true;
  await show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(form));
  // A second sign-in would leave the first session open.
  entering ??= attempt(async () => {
    await signIn(username, password);
    await enter(password);
  }).finally(() => (entering = null));
});

// Reloading discards everything that was read.
document.getElementById("sign-out").addEventListener("click", async () => {
  await attempt(() => signOut());
  location.reload();
});
// Closing the tab ends the session.
addEventListener("pagehide", () => signOut({ keepalive: true }).catch(() => null));
// A page that the browser kept, and shows again after Back, is of a session that ended.
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("hashchange", show);
// The hash names the view, so this link must not change it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  heading.focus();
});

showSignIn("");
