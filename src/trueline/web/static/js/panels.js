// Parts of a page that cost time: each is fetched when it comes into view, and fails alone.
import { markEdges } from "./edges.js";
import { answerNow, drawCharts } from "./charts.js";

let watching = null;
const pathOf = (element) => new URL(element.dataset.panel, location.href).pathname;

const nothing = (title, text) => {
  const box = Object.assign(document.createElement("div"), { className: "nothing" });
  box.append(Object.assign(document.createElement("strong"), { textContent: title }), Object.assign(document.createElement("span"), { textContent: text }));
  return box;
};

const loading = new WeakMap();

/** Fetch a part, once. */
function load(element) {
  if (!loading.has(element)) loading.set(element, fetched(element));
  return loading.get(element);
}

const HEADERS = { "X-Partial": "1", Accept: "text/html" };
const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

async function fetched(element) {
  let made;
  try {
    const answer = await fetch(element.dataset.panel, { headers: HEADERS });
    made = parsed(await answer.text());
    if (!element.isConnected || element.dataset.loaded) return;
    if (answer.ok) element.replaceChildren(...made.body.childNodes);
    else element.replaceChildren(nothing(made.querySelector(".empty h1")?.textContent ?? "Not possible", made.querySelector(".empty p:not(.muted, .tools)")?.textContent ?? ""));
  } catch {
    const again = Object.assign(document.createElement("button"), { className: "btn small", type: "button", textContent: "Try again" });
    again.addEventListener("click", () => { loading.delete(element); load(element); });
    const box = nothing("The server does not answer", "The rest of the page still holds.");
    box.append(again);
    element.replaceChildren(box);
  }
  settle(element);
}

function settle(element) {
  element.dataset.loaded = "1";
  element.style.minHeight = "";
  drawCharts(element);
  markEdges(element);
}

/** Fetch what is not there yet before anything else happens. */
export function loadNow() {
  document.querySelectorAll("[data-panel]:not([data-loaded])").forEach((element) => {
    try {
      element.replaceChildren(...parsed(answerNow(element.dataset.panel, HEADERS)).body.childNodes);
      settle(element);
    } catch {
      // It stays for later.
    }
  });
}

export function loadPanels(within = document) {
  watching ??= new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watching.unobserve(entry.target);
      load(entry.target);
    }
  }, { rootMargin: "300px" });
  within.querySelectorAll("[data-panel]:not([data-loaded])").forEach((element) => watching.observe(element));
}

/** How high each part is, so that a page that is fetched anew keeps its place. */
export const heights = () => new Map([...document.querySelectorAll("[data-panel][data-loaded]")].map((element) => [pathOf(element), element.offsetHeight]));

export function keepHeights(known) {
  watching?.disconnect();
  document.querySelectorAll("[data-panel]").forEach((element) => {
    const height = known.get(pathOf(element));
    if (height) element.style.minHeight = `${height}px`;
  });
}

document.addEventListener("click", (event) => {
  const source = event.target.closest("[data-copy-from]");
  if (source) {
    const text = document.getElementById(source.dataset.copyFrom).textContent;
    const done = (said) => { source.textContent = said; setTimeout(() => { source.textContent = "Copy"; }, 1600); document.getElementById("live").textContent = said; };
    navigator.clipboard?.writeText(text).then(() => done("Copied"), () => done("Could not be copied"));
  }
  const opener = event.target.closest("[data-open]");
  const opened = opener && document.getElementById(opener.dataset.open);
  if (opened) {
    opened.open = true;
    opened.querySelector("summary").focus();
    opened.scrollIntoView({ block: "nearest" });
    opener.closest("details.menu").open = false;
  }
});

/** Fetch what is not there yet, in view or not. */
export const loadAll = () => Promise.all([...document.querySelectorAll("[data-panel]:not([data-loaded])")].map(load));
