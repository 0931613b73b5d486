// The frame around the views: the heading, what went wrong, and the sign-in form.
import { SignedOut } from "./audit-api.js";
import { button, make } from "./audit-dom.js";

const part = (id) => document.getElementById(id);
const [heading, fault, view] = ["heading", "fault", "view"].map(part);
const ADVICE = {
  403: "Ask whoever gives out the roles.",
  429: "Wait a little before you try again.",
  503: "It usually comes back by itself.",
};

let round = 0;

/** Begin a view, and return its place. An older one goes on writing where nobody sees. */
export function begin(title) {
  round += 1;
  entitle(title);
  const place = make("div");
  view.replaceChildren(place);
  return place;
}

export function entitle(title) {
  heading.textContent = title;
  document.title = `${title} · Audit`;
}

function clearFault() {
  fault.hidden = true;
  fault.replaceChildren();
}

function tell(error, again) {
  const retry = again ? [button("Try again", again)] : [];
  const sentence = error.message.replace(/[^.!?]$/, "$&.");
  const words = [sentence, ADVICE[error.status] ?? ""].join(" ");
  fault.replaceChildren(words, ...retry);
  fault.hidden = false;
}

export function askToSignIn(words) {
  round += 1;
  entitle("Who changed what?");
  for (const id of ["bar", "view"]) part(id).hidden = true;
  view.replaceChildren();
  part("sign-in").hidden = false;
  clearFault();
  if (words) tell({ message: words });
  part("username").focus();
}

export function welcome(email) {
  part("sign-in").reset();
  part("sign-in").hidden = true;
  for (const id of ["bar", "view"]) part(id).hidden = false;
  part("who").textContent = email;
}

/** Do it, and tell what goes wrong, unless the reader has gone elsewhere by then. */
export async function attempt(action, again = null) {
  clearFault();
  const work = action();
  const mine = round;
  document.body.classList.add("busy");
  try {
    await work;
  } catch (error) {
    if (error instanceof SignedOut) askToSignIn(error.message);
    else if (mine === round) tell(error, again);
  } finally {
    document.body.classList.remove("busy");
  }
}
