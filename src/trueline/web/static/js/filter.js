// Filter a list as one types: rows hold their text; the form works without it, too.
const plain = (text) => text.toLocaleLowerCase().normalize("NFC");

function filter(form, list) {
  const words = plain(form.querySelector("[data-filter]").value).split(/\s+/).filter(Boolean);
  const chosen = [...form.querySelectorAll("[data-filter-by]")].map((select) => [select.dataset.filterBy, select.value]).filter(([, value]) => value);
  let shown = 0;
  list.querySelectorAll("[data-group]").forEach((group) => {
    let here = 0;
    group.querySelectorAll("[data-text]").forEach((row) => {
      const fits = words.every((word) => plain(row.dataset.text).includes(word)) && chosen.every(([name, value]) => row.dataset[name] === value);
      row.hidden = !fits;
      here += fits;
    });
    group.hidden = !here;
    shown += here;
  });
  const none = list.querySelector("[data-none]");
  if (none) none.hidden = shown > 0;
  const said = form.querySelector("[data-found]");
  if (said) said.textContent = `${shown} shown`;
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState({}, "", query.size ? `${form.action}?${query}` : form.action);
}

// What the server left out is not in the page: only a page that shows everything is filtered here.
export function filterLists(within = document) {
  within.querySelectorAll("form:has([data-filter])").forEach((form) => {
    if (form.dataset.filtering) return;
    form.dataset.filtering = "1";
    const list = document.getElementById(form.querySelector("[data-filter]").dataset.filter);
    const whole = !new URLSearchParams(location.search).toString().replace(/(^|&)estimates=true/, "");
    if (!list || !whole) {
      form.addEventListener("change", () => form.requestSubmit());
      return;
    }
    form.querySelector("[type=submit]").hidden = true;
    form.addEventListener("input", () => filter(form, list));
    form.addEventListener("submit", (event) => event.preventDefault());
  });
}
