// Paper: what is printed is drawn first, and in the colours of paper, whatever the screen's theme is.
import { drawAll, drawNow } from "./charts.js";
import { loadAll, loadNow } from "./panels.js";

const NAMES = ["text", "muted", "faint", "grid", "border", "surface", "c1", "c2", "c3", "c4", "c5", "c6", "c1soft", "h0", "h1", "hOn", "ok-mark", "warn-mark", "bad-mark"];
const root = document.documentElement;

function colours(theme) {
  const before = root.dataset.theme;
  root.dataset.theme = theme;
  const style = getComputedStyle(root);
  const found = NAMES.map((name) => style.getPropertyValue(`--${name}`).trim());
  root.dataset.theme = before;
  return found;
}

/** Charts hold colours, not their names: give them those of another theme. */
function repaint(from, to) {
  const other = new Map(from.map((colour, n) => [colour, to[n]]));
  for (const element of document.querySelectorAll("[data-chart] svg [fill], [data-chart] svg [stroke]")) {
    for (const name of ["fill", "stroke"]) {
      const colour = other.get(element.getAttribute(name));
      if (colour) element.setAttribute(name, colour);
    }
  }
}

/** Everything that comes later is there: parts of the page, then their charts. */
export async function complete() {
  await loadAll();
  await drawAll();
}

/** Where a chart could not be drawn, its table is printed: opened, and closed again. */
function unfoldTables() {
  const undrawn = window.vegaEmbed ? "[data-chart][data-drawn=failed]" : "[data-chart]:not([data-drawn='1'])";
  for (const chart of document.querySelectorAll(undrawn)) {
    const table = chart.parentElement.querySelector("details.as-table:not([open])");
    if (table) { table.open = true; unfolded.push(table); }
  }
}

const unfolded = [];
let undo = null;
addEventListener("beforeprint", () => {
  const theme = root.dataset.theme;
  if (theme === "dark" && !undo) {
    const [dark, light] = [colours("dark"), colours("light")];
    repaint(dark, light);
    undo = () => repaint(light, dark);
  }
  // What is drawn from here on is drawn for paper.
  root.dataset.theme = "light";
  loadNow();
  drawNow();
  unfoldTables();
  root.dataset.theme = theme;
});
addEventListener("afterprint", () => { undo?.(); undo = null; unfolded.splice(0).forEach((table) => { table.open = false; }); });

// The keys for printing leave time to draw without holding the browser up: draw, then print.
addEventListener("keydown", async (event) => {
  if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== "p" || event.shiftKey || event.altKey) return;
  if (!document.querySelector("[data-chart]:not([data-drawn]), [data-panel]:not([data-loaded])")) return;
  event.preventDefault();
  await complete();
  print();
});
