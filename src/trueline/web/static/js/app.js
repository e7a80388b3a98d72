// What every page does: menus, theme, navigation on small screens, keys, the palette, live updates.
import { drawCharts, forgetCharts, forgetGone } from "./charts.js";
import { followJob, refresh } from "./refresh.js";
import { openPalette, openShortcuts } from "./palette.js";
import { follow } from "./live.js";
import { filterLists } from "./filter.js";
import { drawSparks } from "./sparks.js";
import { heights, keepHeights, loadPanels } from "./panels.js";
import "./paper.js";
import "./sending.js";
import { markEdges } from "./edges.js";
import { counterparts, typedIn } from "./typed.js";

const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];
const root = document.documentElement;

export const say = (text) => { $("#live").textContent = ""; requestAnimationFrame(() => { $("#live").textContent = text; }); };

/** How to find an element again in a page that says the same: by its id, else by what it is. */
function placeOf(element, main) {
  if (!element || element === document.body) return () => null;
  if (element.id) return () => document.getElementById(element.id);
  if (!main.contains(element)) return () => element;
  const alike = (e) => e.tagName === element.tagName && e.getAttribute("href") === element.getAttribute("href")
    && e.getAttribute("name") === element.getAttribute("name") && e.textContent === element.textContent;
  const at = $$(element.tagName, main).filter(alike).indexOf(element);
  const nth = $$(element.tagName, main).indexOf(element);
  return (inside) => $$(element.tagName, inside).filter(alike)[at] ?? $$(element.tagName, inside)[nth] ?? null;
}

// What was done is said once: a page that is loaded again, or shared, does not say it anew.
const asked = new URL(location.href);
if (asked.searchParams.has("said")) { asked.searchParams.delete("said"); history.replaceState({}, "", asked); }

const shownAddress = () => location.pathname + location.search;
let shown = shownAddress();
let asking = null;

/** Whether a renewed page must not take the place of what is shown: the server could not make it, or wants the key. */
function refused(answer, push) {
  if (new URL(answer.url).pathname !== "/sign-in") return !push && !answer.ok;
  if (push) location.assign(answer.url);
  return true;
}

/** Fetch an address of this page and put its inside in place, keeping scroll, focus, what is open and what is typed. */
export async function show(address, { push = true, text = "" } = {}) {
  const main = $("#main");
  asking?.abort();
  const mine = asking = new AbortController();
  main.setAttribute("aria-busy", "true");
  let answer;
  let made;
  try {
    answer = await fetch(address, { headers: { "X-Partial": "1", Accept: "text/html" }, signal: mine.signal });
    made = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    if (mine !== asking) return false;
    main.removeAttribute("aria-busy");
    say("The server does not answer.");
    return false;
  }
  if (mine !== asking) return false;
  const kept = shownAddress() === shown && !push ? counterparts(typedIn(main), made) : [];
  if (refused(answer, push) || kept.some(([, theirs]) => !theirs)) {
    main.removeAttribute("aria-busy");
    return false;
  }
  const focused = document.activeElement;
  const hadFocus = main.contains(focused);
  const again = placeOf(focused, main);
  const inView = (e) => { const { top, bottom } = e.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
  const held = hadFocus && inView(focused) ? focused : $$("[id]", main).find(inView);
  const heldAgain = placeOf(held, main);
  const heldAt = held?.getBoundingClientRect().top;
  const open = $$("details[open][id]", main).map((d) => d.id);
  const along = $$(".scroll", main).map((e) => e.scrollLeft);
  const scroll = [scrollX, scrollY];
  const tall = heights();
  const drawn = new Map($$("[data-chart*='v='][data-drawn='1']", main).map((e) => [e.dataset.chart, e]));
  kept.forEach(([ours, theirs]) => theirs.replaceWith(ours));
  main.replaceChildren(...($("#main", made) ?? made.body).childNodes);
  const state = $("[data-state]", made);
  if (state) $("[data-state]")?.replaceWith(state);
  if (made.documentElement.dataset.load) root.dataset.load = made.documentElement.dataset.load;
  // What is drawn already is kept where its address says which state it shows: nothing flickers.
  $$("[data-chart]", main).forEach((e) => { const kept = drawn.get(e.dataset.chart); if (kept) e.replaceWith(kept); });
  forgetGone();
  const title = $("title", made)?.textContent;
  if (title) document.title = title;
  keepHeights(tall);
  main.removeAttribute("aria-busy");
  if (push) history.pushState({}, "", answer.redirected ? answer.url : address);
  shown = shownAddress();
  open.forEach((id) => { const d = document.getElementById(id); if (d) d.open = true; });
  $$(".scroll", main).forEach((e, n) => { e.scrollLeft = along[n] ?? 0; });
  scrollTo(...scroll);
  // What was before the reader's eyes stays there, also where the page grew above it.
  if (held && scroll[1] > 0) scrollBy(0, (heldAgain(main)?.getBoundingClientRect().top ?? heldAt) - heldAt);
  if (hadFocus) (main.contains(focused) ? focused : again(main) ?? main).focus({ preventScroll: true });
  if (text) say(text);
  ready();
  return true;
}

function ready() {
  drawCharts();
  loadPanels();
  filterLists();
  drawSparks();
  markEdges();
  followJob({ show });
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
    const menu = link.closest("details.menu");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
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
  if (event.key === "Escape" && !$("dialog[open]")) {
    $$("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    const toggle = $(".navtoggle[aria-expanded=true]");
    if (toggle) { toggle.click(); toggle.focus(); }
  }
  if (event.target.matches("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey || $("dialog[open]")) return;
  if (event.key === "?") openShortcuts();
  if (event.key === "/") { event.preventDefault(); openPalette(); }
  if (event.key === "t") toggleTheme();
  if (event.key === "r") $("[data-refresh]")?.click();
  if ("123".includes(event.key)) $$("[data-range-key]")[Number(event.key) - 1]?.click();
});

// A last day before the first is refused by the field itself.
document.addEventListener("input", (event) => {
  const days = event.target.closest("form[data-days]")?.elements;
  if (days) days.last.min = days.start.value;
});

// Following a link to a part of this page is no new page.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-refresh-form]")) return;
  event.preventDefault();
  refresh(event.target, { show, say });
});

addEventListener("popstate", () => { if (shownAddress() !== shown) show(location.href, { push: false, text: "Back" }); });
if (/Mac|iPhone|iPad/.test(navigator.platform)) $$(".find kbd").forEach((key) => { key.textContent = "⌘ K"; });
ready();
follow({ show, say });
