// Set a password with the one-time link's token, which is in the fragment of the URL.
const main = document.getElementById("content");
const [heading, error, done, missing, form] = ["heading", "error", "done", "missing", "set"].map(
  (id) => document.getElementById(id),
);

let token = location.hash.slice(1);
// Leave the token neither in the address bar nor in the history.
if (token) history.replaceState(null, "", location.pathname);
(token ? form : missing).hidden = false;

// Another link that is opened in the same tab changes only the fragment.
addEventListener("hashchange", () => location.hash && location.reload());

function showError(text) {
  error.textContent = text;
  error.hidden = !text;
}

async function setPassword(chosen) {
  const body = JSON.stringify({ token, new_password: chosen });
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body, credentials: "omit", redirect: "error" };
  const response = await fetch(main.dataset.redeem, options).catch(() => null);
  if (!response) throw new Error("The service is not responding.");
  if (response.ok) return;
  const problem = await response.json().catch(() => ({}));
  const errors = (problem.errors ?? []).map((each) => each.msg);
  const detail = problem.detail ?? `The service responded with status ${response.status}`;
  throw new Error(errors.length ? `${errors.join(". ")}.` : `${detail}.`);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { chosen, repeated } = Object.fromEntries(new FormData(form));
  if (chosen !== repeated) return showError("The two passwords differ.");
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await setPassword(chosen);
    token = "";
    form.reset();
    form.hidden = true;
    showError("");
    done.hidden = false;
    heading.focus();
  } catch (failure) {
    showError(failure.message);
    form.elements.chosen.focus(); // a disabled button has lost the focus
  } finally {
    button.disabled = false;
  }
});
