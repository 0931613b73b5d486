// The form for a user who must change the password before anything else.
import { changePassword } from "./audit-api.js";
import { attempt, showNewPassword } from "./audit-layout.js";

/** Show the form; call `proceed` once the password is changed. */
export function askForNewPassword(current, proceed) {
  const form = showNewPassword();
  let changing = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { chosen, repeated } = Object.fromEntries(new FormData(form));
    changing ??= attempt(async () => {
      if (chosen !== repeated) throw new Error("The two passwords differ");
      await changePassword(current, chosen);
      await proceed(chosen);
    }).finally(() => (changing = null));
  });
}
