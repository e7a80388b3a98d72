// The pages on which a company keeps its records: files dropped and sent, loads watched.
import { formToken, sending, unsent } from "./sending.js";

const locale = document.documentElement.dataset.locale;
const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];

/** Send a file, its progress shown; where it leads to. */
function sent(form, bar) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", form.action);
    asked.setRequestHeader("Accept", "text/html");
    asked.upload.onprogress = (event) => { bar.hidden = false; bar.max = event.total; bar.value = event.loaded; };
    asked.onload = () => {
      if (asked.status < 400) { resolve(asked.responseURL); return; }
      reject(new DOMParser().parseFromString(asked.responseText, "text/html"));
    };
    asked.onerror = () => reject(new Error("The file was cut off on its way."));
    asked.send(new FormData(form));
  });
}

/** Why a file was not taken: as the server says it, or that the server was not reached. */
function notTaken(form, why) {
  const note = why instanceof Document ? $("#problem", why) : null;
  if (note) {
    form.closest(".grid").before(note);
    note.focus();
  } else unsent(form, why instanceof Document ? $(".empty", why)?.innerText ?? "The file was not taken." : why.message);
}

function upload(form) {
  const drop = $("[data-drop]", form), input = $("input[type=file]", form), said = $("[data-file-error]", form);
  const named = () => {
    const file = input.files[0], most = Number(form.dataset.most);
    $("[data-drop-name]", form).textContent = file ? file.name.slice(0, 120) : "Choose a file, or drop it here";
    said.hidden = !(file && file.size > most);
    said.textContent = said.hidden ? "" : `The file has ${file.size.toLocaleString(locale)} bytes; at most ${most.toLocaleString(locale)} are taken. Split it.`;
  };
  input.addEventListener("change", named);
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", over);
      if (name === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; named(); }
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.sent) return;
    if (!said.hidden) { input.focus(); return; }
    $("#problem")?.remove();
    unsent(form, null);
    sending(form, true);
    const bar = $("[data-sent-bytes]", form);
    try {
      form.elements.form_token.value = await formToken();
      location.assign(await sent(form, bar));
    } catch (why) {
      sending(form, false);
      bar.hidden = true;
      notTaken(form, why);
    }
  });
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
    } catch {
      $("[data-watch-text]", card).textContent = "The server does not answer; this page goes on as soon as it does.";
      continue;
    }
    if (now.over) { location.replace(address); return; }
    $("[data-watch-phase]", card).textContent = now.phase.charAt(0).toUpperCase() + now.phase.slice(1);
    if (now.done) $("[data-watch-text]", card).textContent = `${now.done.toLocaleString(locale)}${now.total ? ` of ${now.total.toLocaleString(locale)}` : ""} ${now.unit}`;
    if (now.total) { bar.max = now.total; bar.value = now.done; } else bar.removeAttribute("value");
  }
}

$$("form[data-upload]").forEach(upload);
$$("[data-watch]").forEach(watch);
