// Show the public base URL, copy buttons and the current readiness.
const POLL_INTERVAL = 15_000; // milliseconds

// Behind a proxy that terminates TLS, only the browser has the public URL.
const base = (location.origin + location.pathname).replace(/\/$/, "");
for (const element of document.querySelectorAll(".base")) element.textContent = base;

// navigator.clipboard exists in secure contexts only.
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
const [heading, detail] = state.children;

function showState(className, title, text) {
  // A screen reader announces each change, so skip the ones that change nothing.
  if (detail.textContent === text) return;
  state.className = className;
  heading.textContent = title;
  detail.textContent = text;
}

async function checkReadiness() {
  if (document.hidden) return;
  try {
    const signal = AbortSignal.timeout(POLL_INTERVAL);
    const response = await fetch(state.dataset.probe, { signal });
    if (response.ok) showState("ready", "Ready", state.dataset.ready);
    else showState("fault", "Not ready", (await response.json()).detail);
  } catch {
    showState("fault", "Unreachable", "The service does not answer.");
  }
}

setInterval(checkReadiness, POLL_INTERVAL);
document.addEventListener("visibilitychange", checkReadiness);
