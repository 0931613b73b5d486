// The audit page: signs in, and shows the view that the hash names.
import { call, signIn, signOut } from "./audit-api.js";
import { showChanges } from "./audit-changes.js";
import { allow } from "./audit-names.js";
import { place } from "./audit-place.js";
import { showRecord, showRecords } from "./audit-record.js";
import { showRequest, showRequests } from "./audit-requests.js";
import { askToSignIn, attempt, welcome } from "./audit-shell.js";

const VIEWS = {
  changes: showChanges,
  requests: showRequests,
  request: showRequest,
  records: showRecords,
  record: showRecord,
};
const form = document.getElementById("sign-in");
const bar = document.getElementById("bar");

let isIn = false;
let shown = null;

function mark(view) {
  const current = { record: "records", request: "requests" }[view] ?? view;
  for (const tab of bar.querySelectorAll("nav a")) {
    tab.ariaCurrent = tab.hash === `#/${current}` ? "page" : null;
  }
}

async function show() {
  // The link that skips to the content is no place of ours.
  if (!isIn || (shown && location.hash === "#content")) return;
  const where = place();
  const view = Object.hasOwn(VIEWS, where.view) ? where.view : "changes";
  const focused = view === shown ? document.activeElement?.name : null;
  mark(view);
  await attempt(() => VIEWS[view](where), show);
  const control = focused && document.querySelector(`[name="${CSS.escape(focused)}"]`);
  if (shown) (control || document.getElementById("heading")).focus();
  shown = view;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // Signing in twice would leave a session that nobody ends.
  if (document.body.classList.contains("busy")) return;
  const { username, password } = Object.fromEntries(new FormData(form));
  attempt(async () => {
    await signIn(username, password);
    const me = await call("/auth/me");
    allow(me.permissions);
    welcome(me.email);
    isIn = true;
    await show();
  });
});

// Whatever was read goes with the page.
document.getElementById("sign-out").addEventListener("click", async () => {
  await attempt(() => signOut());
  location.reload();
});
// A tab that is closed leaves no session behind.
addEventListener("pagehide", () => signOut({ keepalive: true }).catch(() => null));
addEventListener("hashchange", show);

askToSignIn("");
