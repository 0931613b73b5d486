// The layout around the views: heading, error message and sign-in form.
import { SignedOut } from "./audit-api.js";
import { button, make } from "./audit-dom.js";

const part = (id) => document.getElementById(id);
const [heading, errorBox, view] = ["heading", "error", "view"].map(part);
const ADVICE = {
  412: "Try again to load its newest change first.",
  429: "Wait a moment before you try again.",
  503: "This is usually temporary.",
};

// Aborted when the view is left: its streams end, and its late errors are not shown.
let leaving = new AbortController();

/** Return a signal that is aborted when the current view is left. */
export const viewSignal = () => leaving.signal;

function leaveView() {
  leaving.abort();
  part("confirm").close();
  leaving = new AbortController();
}

/** Replace the current view; return its container. An earlier view keeps a detached one. */
export function openView(title) {
  leaveView();
  setHeading(title);
  const container = make("div");
  view.replaceChildren(container);
  return container;
}

export function setHeading(title) {
  heading.textContent = title;
  document.title = `${title} · Audit`;
}

function clearError() {
  errorBox.hidden = true;
  errorBox.replaceChildren();
}

function showError(error, retry) {
  const buttons = retry ? [button("Try again", retry)] : [];
  const sentence = error.message.replace(/[^.!?]$/, "$&.");
  const text = [sentence, ADVICE[error.status] ?? ""].join(" ");
  errorBox.replaceChildren(text, ...buttons);
  errorBox.hidden = false;
}

export function showSignIn(message) {
  leaveView();
  setHeading("Audit log");
  for (const id of ["bar", "view"]) part(id).hidden = true;
  view.replaceChildren();
  part("sign-in").hidden = false;
  clearError();
  if (message) showError({ message });
  part("username").focus();
}

function hideSignIn() {
  part("sign-in").reset();
  part("sign-in").hidden = true;
  view.hidden = false;
}

/** Show the form for a new password, and return it. */
export function showNewPassword() {
  hideSignIn();
  const form = part("new-password").content.firstElementChild.cloneNode(true);
  openView("New password").append(form);
  form.elements[0].focus();
  return form;
}

export function showSignedIn(email) {
  hideSignIn();
  part("bar").hidden = false;
  part("user").textContent = email;
}

let running = 0; // actions

function countActions(change) {
  running += change;
  document.body.classList.toggle("busy", running > 0);
}

/** Show an error of a view, unless that is left; the form, if the session has ended. */
export function report(error, view, retry = null) {
  if (error instanceof SignedOut) showSignIn(error.message);
  else if (!view.aborted) showError(error, retry);
}

/** Run an action, and report its error. */
export async function attempt(action, retry = null) {
  clearError();
  const work = action();
  const view = viewSignal();
  countActions(1);
  try {
    await work;
  } catch (error) {
    report(error, view, retry);
  } finally {
    countActions(-1);
  }
}
