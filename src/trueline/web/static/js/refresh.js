// The refresh button: runs the daily job, shows how far it is, then the page anew.
import { formToken } from "./sending.js";

const EVERY = 400;
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function job(form) {
  form.elements.form_token.value = await formToken();
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
  const id = new URL(answer.url).searchParams.get("job");
  if (!answer.ok || !id) throw new Error(String(answer.status));
  return id;
}

/** How far the daily job is that somebody else began; at its end the page is made anew. */
export async function followJob({ show }) {
  const band = document.querySelector("[data-job]:not([data-followed])");
  if (!band) return;
  band.dataset.followed = "1";
  while (band.isConnected) {
    await wait(2 * EVERY);
    try {
      const answer = await fetch(`/api/refresh/${band.dataset.job}`, { headers: { Accept: "application/json" } });
      const state = answer.ok ? await answer.json() : { status: "gone" };
      if (state.status === "running") { band.textContent = `The daily job is running: ${state.step}.`; continue; }
    } catch { continue; }
    await show(location.href, { push: false });
    return;
  }
}

export async function refresh(form, { show, say }) {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  const label = button.querySelector("span");
  const told = label.textContent;
  const shown = (text, busy) => {
    // The page may have been renewed meanwhile: its button is another element.
    const now = document.querySelector("[data-refresh-form] button") ?? button;
    now.setAttribute("aria-disabled", String(busy));
    now.classList.toggle("working", busy);
    now.querySelector("span").textContent = text;
  };
  shown("Refreshing", true);
  say("Refreshing");
  try {
    const id = await job(form);
    for (;;) {
      const answer = await fetch(`/api/refresh/${id}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const state = await answer.json();
      if (state.status === "failed") throw new Error(state.error?.detail ?? "It failed.");
      if (state.status === "done") break;
      shown(`Refreshing ${Math.round((100 * state.done) / Math.max(1, state.of))}%`, true);
      await wait(EVERY);
    }
    await show(location.href, { push: false });
    shown(told, false);
    say("Refreshed: every source is loaded and counted.");
  } catch (error) {
    shown(told, false);
    const message = /^\d+$/.test(error.message) || error instanceof TypeError ? "The refresh could not be followed. Reload the page." : error.message;
    const note = Object.assign(document.createElement("p"), { className: "toast", textContent: message });
    note.setAttribute("role", "alert");
    document.body.append(note);
    setTimeout(() => note.remove(), 8000);
  }
}
