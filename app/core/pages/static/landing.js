// What the page cannot know when it is made: how it was reached, and what is so by now.
const PERIOD = 15_000;

// Behind a proxy that speaks TLS, only the browser knows the address.
const base = (location.origin + location.pathname).replace(/\/$/, "");
for (const place of document.querySelectorAll(".base")) place.textContent = base;

// Only a secure page may write to the clipboard; elsewhere there is no button.
if (navigator.clipboard) {
  for (const request of document.querySelectorAll(".request")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(request.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    request.append(button);
  }
}

const state = document.getElementById("state");
const [verdict, reason] = state.children;

function show(kind, title, text) {
  // A screen reader speaks up when this changes, so it changes only with the state.
  if (reason.textContent === text) return;
  state.className = kind;
  verdict.textContent = title;
  reason.textContent = text;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(state.dataset.probe);
    if (answer.ok) show("ready", "Ready", state.dataset.fine);
    else show("fault", "Not ready", (await answer.json()).detail);
  } catch {
    show("fault", "Away", "The service does not answer.");
  }
}

setInterval(look, PERIOD);
document.addEventListener("visibilitychange", look);
