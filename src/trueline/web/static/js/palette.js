// The command palette (Ctrl/Cmd+K): jump to any page or KPI; and the list of keys (?).
let entries = null;

function dialog(className, label) {
  document.querySelector(`dialog.${className}`)?.remove();
  const element = document.createElement("dialog");
  element.className = className;
  element.setAttribute("aria-label", label);
  document.body.append(element);
  element.addEventListener("close", () => element.remove());
  element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
  return element;
}

/** How near a label is to what is typed: the same, beginning with it (the shorter the nearer), holding it. */
const near = (label, wanted) => (wanted !== "" && label.toLowerCase().startsWith(wanted) ? label.length : 1000);

const make = (name, text, words = {}) => Object.assign(document.createElement(name), { textContent: text ?? "" }, words);

export async function openPalette() {
  if (document.querySelector("dialog[open]")) return;
  const box = dialog("palette", "Go to a page or KPI");
  const input = make("input", "", { type: "text", placeholder: "Page or KPI", autocomplete: "off", spellcheck: false });
  const list = make("ul", "", { className: "plain", id: "palette-list" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Page or KPI" })) input.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Found");
  const nothing = make("p", "", { hidden: true });
  nothing.setAttribute("role", "status");
  let waiting = "Looking …";
  box.append(input, list, nothing);
  box.showModal();
  input.focus();
  let at = 0;
  const fill = () => {
    const wanted = input.value.trim().toLowerCase();
    const found = (entries ?? []).filter((e) => wanted.split(/\s+/).every((w) => `${e.label} ${e.path} ${e.kind}`.toLowerCase().includes(w)))
      .sort((a, b) => near(a.label, wanted) - near(b.label, wanted)).slice(0, 40);
    at = 0;
    list.replaceChildren(...found.map((entry, n) => {
      const item = make("li", entry.label, { id: `palette-${n}` });
      item.setAttribute("role", "option");
      item.dataset.path = entry.path;
      item.append(make("small", entry.kind));
      item.addEventListener("click", () => { location.href = entry.path; });
      return item;
    }));
    input.removeAttribute("aria-activedescendant");
    nothing.hidden = found.length > 0;
    nothing.textContent = entries === null ? waiting : "Nothing is called that.";
    mark();
  };
  const mark = () => [...list.children].forEach((item, n) => {
    item.setAttribute("aria-selected", String(n === at));
    if (n === at) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
  });
  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") { at = Math.max(0, Math.min(at + 1, last)); mark(); event.preventDefault(); }
    if (event.key === "ArrowUp") { at = Math.max(at - 1, 0); mark(); event.preventDefault(); }
    if (event.key === "Enter") { const path = list.children[at]?.dataset.path; if (path) location.href = path; }
  });
  if (entries === null) {
    try { entries = (await (await fetch("/places", { headers: { Accept: "application/json" } })).json()).places; } catch { waiting = "The server does not answer."; }
  }
  fill();
}

export function openShortcuts() {
  const box = dialog("shortcuts", "Keys");
  const body = make("div", "", { className: "body" });
  body.append(make("h2", "Keys"));
  const list = make("dl", "", { className: "facts" });
  for (const [keys, what] of [["Ctrl K or /", "Go to a page or KPI"], ["1 2 3", "30, 90 or 365 days"], ["r", "Refresh: run the daily job"], ["t", "Light or dark"], ["?", "This list"], ["Esc", "Close what is open"]]) {
    const row = make("div");
    const key = make("dt");
    key.append(make("kbd", keys));
    row.append(key, make("dd", what));
    list.append(row);
  }
  const close = make("button", "Close", { className: "btn", type: "button" });
  close.addEventListener("click", () => box.close());
  body.append(list, close);
  box.append(body);
  box.showModal();
}
