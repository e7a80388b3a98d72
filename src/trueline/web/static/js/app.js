// What every page does: menus, theme, navigation on small screens, keys, the palette, live updates.
import { drawCharts, forgetCharts } from "./charts.js";
import { openPalette, openShortcuts } from "./palette.js";
import { follow } from "./live.js";

const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];
const root = document.documentElement;

export const say = (text) => { $("#live").textContent = ""; requestAnimationFrame(() => { $("#live").textContent = text; }); };

/** Fetch an address of this page and put its inside in place, keeping scroll and focus. */
export async function show(address, { push = true, text = "" } = {}) {
  const main = $("#main");
  const focused = document.activeElement?.id;
  const open = $$("details[open][id]", main).map((d) => d.id);
  main.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await fetch(address, { headers: { "X-Partial": "1", Accept: "text/html" } });
  } catch {
    main.removeAttribute("aria-busy");
    say("The server does not answer.");
    return false;
  }
  const scroll = [scrollX, scrollY];
  forgetCharts();
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  main.replaceChildren(...($("#main", made) ?? made.body).childNodes);
  const title = $("title", made)?.textContent;
  if (title) document.title = title;
  main.removeAttribute("aria-busy");
  if (push) history.pushState({}, "", address);
  open.forEach((id) => { const d = document.getElementById(id); if (d) d.open = true; });
  scrollTo(...scroll);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (text) say(text);
  ready();
  return true;
}

function ready() {
  drawCharts();
  $$("[data-submit-on-change]").forEach((form) => form.addEventListener("change", () => form.requestSubmit()));
}

function toggleTheme() {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("trueline-theme", root.dataset.theme); } catch { /* not kept */ }
  say(`${root.dataset.theme} theme`);
  forgetCharts();
  drawCharts();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-partial]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    show(link.href, { text: link.dataset.partial });
  }
  if (event.target.closest("[data-theme-toggle]")) toggleTheme();
  if (event.target.closest("[data-palette]")) openPalette();
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(new URL(copy.dataset.copy, location.href).href).then(() => say("Copied"), () => say("Could not be copied"));
  const toggle = event.target.closest(".navtoggle");
  if (toggle) {
    const open = $("#rest").classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  }
  $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
  if (event.key === "Escape") $$("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
  if (event.target.matches("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey || $("dialog[open]")) return;
  if (event.key === "?") openShortcuts();
  if (event.key === "/") { event.preventDefault(); openPalette(); }
  if (event.key === "t") toggleTheme();
  if (event.key === "r") $("[data-refresh]")?.click();
  if ("123".includes(event.key)) $$("[data-range-key]")[Number(event.key) - 1]?.click();
});

addEventListener("popstate", () => show(location.href, { push: false, text: "Back" }));
ready();
follow({ show, say });
