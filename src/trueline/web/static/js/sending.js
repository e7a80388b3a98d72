// Forms are sent once, and only to a server that is there: what was typed stays on the page till then.
const PATIENCE = 15000;
const $$ = (what, within = document) => [...within.querySelectorAll(what)];

const AWAY = "The server does not answer.";
const SIGNED_OUT = "You are signed out.";

/** What forms must carry now: the server may have started anew since the page was made. */
export async function formToken() {
  let answer;
  try {
    answer = await fetch("/form-token", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Error(AWAY);
  }
  if (answer.status === 401) throw new Error(SIGNED_OUT);
  if (!answer.ok) throw new Error(AWAY);
  return (await answer.json()).token;
}

/** Say in a form why it was not sent; null takes it away. */
export function unsent(form, words) {
  form.querySelector("[data-unsent]")?.remove();
  if (words === null) return;
  const note = Object.assign(document.createElement("p"), { className: "note bad wide unsent", textContent: `${words} What you filled in stays here: send it again.` });
  note.setAttribute("role", "alert");
  note.dataset.unsent = "";
  if (words === SIGNED_OUT) note.append(" ", Object.assign(document.createElement("a"), { href: "/sign-in?to=/data", target: "_blank", textContent: "Sign in in another tab" }));
  form.append(note);
}

/** Whether a form is on its way: its buttons are off meanwhile. */
export function sending(form, on) {
  if (on) form.dataset.sent = "1";
  else delete form.dataset.sent;
  $$("button[type=submit]", form).forEach((button) => { if (on) button.setAttribute("aria-disabled", "true"); else button.removeAttribute("aria-disabled"); });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.matches("[data-refresh-form]")) return;
  event.preventDefault();
  if (form.dataset.sent) return;
  sending(form, true);
  unsent(form, null);
  try {
    const token = form.querySelector("[name=form_token]");
    if (token) token.value = await formToken();
    form.submit();
  } catch (error) {
    sending(form, false);
    unsent(form, error.message);
  }
});

// The page may come back from the browser's memory: its forms can be sent again.
addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => sending(form, false)));
