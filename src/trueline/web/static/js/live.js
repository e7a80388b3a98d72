// Live updates: the server says when facts have changed; else every five minutes. A server that is
// away is said to be away, and the page recovers by itself.
const EVERY = 5 * 60 * 1000;
const AGAIN = 3000;

/** Whether the reader is in the middle of something that a new page would take away. */
const busy = () => document.querySelector("dialog[open], details.menu[open]") !== null
  || document.activeElement?.closest("main")?.querySelector("input:focus, select:focus, textarea:focus") != null;

export function follow({ show, say }) {
  const root = document.documentElement;
  const text = document.querySelector("[data-state-text]");
  const dot = document.querySelector("[data-state] .dot");
  const told = text?.textContent;
  let source = null;
  let away = false;
  let wanted = null;

  const state = (words, kind) => {
    if (text) text.textContent = words;
    if (dot) dot.className = `dot ${kind}`;
  };

  async function renew() {
    if (wanted === null || away || document.hidden) return;
    if (!document.querySelector("[data-live]")) { wanted = null; return; }
    if (busy()) { setTimeout(renew, 1000); return; }
    const load = wanted;
    wanted = null;
    if (await show(location.href, { push: false, text: "Updated" })) root.dataset.load = load;
  }

  const want = (load) => { wanted = load; renew(); };

  function gone() {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN);
    if (away) return;
    away = true;
    state("Server away, trying again", "bad");
    say("The server does not answer; what is shown may be old.");
  }

  function back() {
    if (!away) return;
    away = false;
    state(told, "ok");
    say("The server is back.");
    want(root.dataset.load);
  }

  // A page in the background lets its connection go: a browser has only a few for each server.
  function connect() {
    source?.close();
    source = null;
    // A panel that is shown without a key hears nothing: it is fetched again now and then.
    if (document.hidden || "still" in root.dataset) return;
    source = new EventSource("/events");
    source.addEventListener("load", (event) => { if (event.data !== root.dataset.load) want(event.data); });
    source.onopen = back;
    source.onerror = gone;
  }

  document.addEventListener("visibilitychange", connect);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  setInterval(() => { if (!away) want(root.dataset.load); }, EVERY);
  connect();
}
