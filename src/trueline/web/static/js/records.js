// The pages on which a company keeps its records: files dropped, loads watched, forms sent once.
const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  $$("button[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
});
// The page may come back from the browser's memory: its forms can be sent again.
addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => {
  delete form.dataset.sent;
  $$("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
}));

function upload(form) {
  const drop = $("[data-drop]", form), input = $("input[type=file]", form), said = $("[data-file-error]", form);
  const named = () => {
    const file = input.files[0], most = Number(form.dataset.most);
    $("[data-drop-name]", form).textContent = file ? file.name.slice(0, 120) : "Choose a file, or drop it here";
    said.hidden = !(file && file.size > most);
    said.textContent = said.hidden ? "" : `The file has ${file.size.toLocaleString()} bytes; at most ${most.toLocaleString()} are taken. Split it.`;
  };
  input.addEventListener("change", named);
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", over);
      if (name === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; named(); }
    });
  }
  form.addEventListener("submit", (event) => { if (!said.hidden) { event.preventDefault(); input.focus(); } });
  const table = $("select[name=table]", form), columns = $$("[data-columns]");
  const show = () => columns.forEach((one) => { const mine = one.dataset.columns === table.value; one.open = mine; one.classList.toggle("other", table.value !== "" && !mine); });
  table.addEventListener("change", show);
  show();
}

async function watch(card) {
  const address = card.dataset.watch, bar = $("progress", card);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    let now;
    try {
      const answer = await fetch(`${address}/state`, { headers: { Accept: "application/json" } });
      if (!answer.ok) { location.replace(address); return; }
      now = await answer.json();
    } catch { continue; }
    if (now.over) { location.replace(address); return; }
    $("[data-watch-phase]", card).textContent = now.phase.charAt(0).toUpperCase() + now.phase.slice(1);
    if (now.done) $("[data-watch-text]", card).textContent = `${now.done.toLocaleString()}${now.total ? ` of ${now.total.toLocaleString()}` : ""} ${now.unit}`;
    if (now.total) { bar.max = now.total; bar.value = now.done; } else bar.removeAttribute("value");
  }
}

$$("form[data-upload]").forEach(upload);
$$("[data-watch]").forEach(watch);
