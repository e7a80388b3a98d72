// Charts: each is fetched and drawn when it comes into view, and fails alone.
// A chart's element says where its data is (data-chart); the answer holds a Vega-Lite spec whose
// colours are "@token" names, resolved here from the page's CSS variables.
let library = null;
let views = [];
let watching = null;
const MOST_ROOM = 160;
const PATTERNS = new Set(["@hatch", "@stripes"]);

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.charts;
    script.onload = () => resolve(window.vegaEmbed);
    script.onerror = () => { library = null; reject(new Error("charts.js")); };
    document.head.append(script);
  });
  return library;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Names that people gave (data, and a scale's domain) are never taken for tokens.
function coloured(value, key = "") {
  if (key === "datasets" || key === "domain") return value;
  if (Array.isArray(value)) return value.map((item) => coloured(item));
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, k)]));
  if (typeof value !== "string" || !/^@[\w-]+$/.test(value)) return value;
  return PATTERNS.has(value) ? `url(#${value.slice(1)})` : token(value.slice(1));
}

const config = () => ({
  background: null,
  font: "Inter, system-ui, sans-serif",
  view: { stroke: null },
  axis: { labelColor: token("muted"), gridColor: token("grid"), domain: false, ticks: false, labelFontSize: 11, labelPadding: 8, title: null },
});

let drawing = new WeakMap();

/** Draw a chart, once. */
function draw(element) {
  if (!drawing.has(element)) drawing.set(element, drawn(element));
  return drawing.get(element);
}

/** A card is as high as the highest beside it: a chart takes the room that this leaves it. */
function grow(element, view, most) {
  const room = element.clientHeight - element.querySelector("svg").getBoundingClientRect().height;
  if (room > 4) view.height(view.height() + Math.min(room, most === true ? MOST_ROOM : most)).run();
}

async function drawn(element) {
  try {
    const [embed, answer] = await Promise.all([load(), fetch(element.dataset.chart, { headers: { Accept: "application/json" } })]);
    if (!answer.ok) throw new Error(String(answer.status));
    const { spec } = await answer.json();
    if (element.isConnected && !element.dataset.drawn) await paint(element, embed, spec);
  } catch {
    failed(element);
  }
}

// What is pointed at: a name and a text a line; what has no text there is left out.
const told = (value, sanitize) => {
  const lines = Object.entries(value).filter(([, text]) => text !== "");
  return `<table>${lines.map(([name, text]) => `<tr><td class="key">${sanitize(name)}</td><td class="value">${sanitize(text)}</td></tr>`).join("")}</table>`;
};

async function paint(element, embed, spec) {
  if (spec === null) { element.remove(); return; }
  const { config: own, ...rest } = coloured(spec);
  const result = await embed(element, rest, {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, logLevel: 1, defaultStyle: false,
    config: { ...config(), ...own },
    tooltip: { theme: "custom", disableDefaultStyle: true, formatTooltip: told },
  });
  if (rest.usermeta?.grows) grow(element, result.view, rest.usermeta.grows);
  // The element says what the chart shows, and its table has the values: marks are no words.
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
  views.push({ element, result });
  element.dataset.drawn = "1";
}

function failed(element) {
  element.dataset.drawn = "failed";
  element.replaceChildren(Object.assign(document.createElement("p"), { className: "chart-failed", textContent: "This chart could not be drawn. Its table still works." }));
}

/** What an address answers, before anything else happens. */
export function answerNow(address, headers) {
  const asked = new XMLHttpRequest();
  asked.open("GET", address, false);
  Object.entries(headers).forEach(([name, value]) => asked.setRequestHeader(name, value));
  asked.send();
  if (asked.status !== 200) throw new Error(String(asked.status));
  return asked.responseText;
}

/** Draw what is not drawn yet, without waiting for anything that takes time: a browser whose menu
    prints waits for no answer. Only the library must be there already. */
export function drawNow() {
  if (!window.vegaEmbed) return;
  document.querySelectorAll("[data-chart]:not([data-drawn])").forEach((element) => {
    try {
      const { spec } = JSON.parse(answerNow(element.dataset.chart, { Accept: "application/json" }));
      drawing.set(element, paint(element, window.vegaEmbed, spec).catch(() => failed(element)));
    } catch {
      // It stays for later, and its summary is printed.
    }
  });
}

export function drawCharts(within = document) {
  watching ??= new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watching.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "200px" });
  const left = within.querySelectorAll("[data-chart]:not([data-drawn])");
  left.forEach((element) => watching.observe(element));
  // The library is there before a chart comes into view, or a page is printed from a menu: also where
  // the chart is in a part that is still to be fetched.
  if (left.length || document.querySelector("[data-panel]")) (window.requestIdleCallback ?? setTimeout)(() => load().catch(() => {}), { timeout: 400 });
}

/** Let go of charts whose element is no longer on the page. */
export function forgetGone() {
  const gone = views.filter((view) => !view.element.isConnected);
  views = views.filter((view) => view.element.isConnected);
  gone.forEach((view) => view.result.finalize());
}

export function forgetCharts() {
  watching?.disconnect();
  watching = null;
  drawing = new WeakMap();
  views.splice(0).forEach((view) => view.result.finalize());
  document.querySelectorAll("[data-chart]").forEach((element) => { delete element.dataset.drawn; element.replaceChildren(); });
}

/** Draw what is not drawn yet, in view or not. */
export const drawAll = () => Promise.all([...document.querySelectorAll("[data-chart]:not([data-drawn])")].map(draw));
