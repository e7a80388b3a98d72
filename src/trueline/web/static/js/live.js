// Live updates: the server says when facts have changed; else every five minutes. A server that is
// away is said to be away, and the page recovers by itself.
const EVERY = 5 * 60 * 1000;

export function follow({ show, say }) {
  const root = document.documentElement;
  const text = document.querySelector("[data-state-text]");
  const dot = document.querySelector("[data-state] .dot");
  let away = false;
  const renew = () => { if (document.querySelector("[data-live]") && !document.querySelector("dialog[open], details.menu[open]")) return show(location.href, { push: false, text: "Updated" }); return Promise.resolve(false); };

  const source = new EventSource("/events");
  source.addEventListener("load", async (event) => {
    if (event.data === root.dataset.load) return;
    if (await renew()) root.dataset.load = event.data;
  });
  source.onopen = () => {
    if (!away) return;
    away = false;
    dot?.classList.replace("bad", "ok");
    if (text) text.textContent = "Connected again";
    say("The server is back.");
    renew();
  };
  source.onerror = () => {
    if (away) return;
    away = true;
    dot?.classList.remove("ok");
    dot?.classList.add("bad");
    if (text) text.textContent = "Server away, trying again";
    say("The server does not answer; what is shown may be old.");
  };
  setInterval(() => { if (!away && document.visibilityState === "visible") renew(); }, EVERY);
}
