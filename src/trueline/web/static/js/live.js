// Live updates: the server says when facts have changed; else every five minutes. A server that is
// away is said to be away, and the page recovers by itself. What is shown is never older than it says.
const EVERY = 5 * 60 * 1000;
const AGAIN = 3000;
const LATER = 30 * 1000;

const NEWER = "Newer facts since this page was made";
const WAITING = "Newer facts wait until you are done";
const AWAY = "The server does not answer; what is shown may be old.";

/** Whether the reader is in the middle of something that a new page would take away: also one that was
    asked for and is not there yet. */
const busy = () => document.querySelector("dialog[open], details.menu[open], form[data-sent], #main[aria-busy=true]") !== null
  || document.activeElement?.closest("main")?.querySelector("input:focus, select:focus, textarea:focus") != null;

/** What the corner of the page says of its facts; the page may have been renewed meanwhile. */
function state(words, kind) {
  const text = document.querySelector("[data-state-text]");
  const dot = document.querySelector("[data-state] .dot");
  if (text) { text.dataset.told ??= text.textContent; text.textContent = words ?? text.dataset.told; }
  if (dot) { dot.dataset.was ??= dot.className; dot.className = words === null ? dot.dataset.was : `dot ${kind}`; }
}

/** A server that is away is said to be so where everybody sees it: the corner is folded on small screens.
    Who listens was told already. */
function banner(words) {
  document.querySelector(".toast.away")?.remove();
  if (words) document.body.append(Object.assign(document.createElement("p"), { className: "toast away", ariaHidden: "true", textContent: words }));
}

/** Why the server sends no events: it is away, wants the key again, or has too many pages open. */
async function reason() {
  try {
    const answer = await fetch("/form-token", { headers: { Accept: "application/json" } });
    return answer.status === 401 ? "signed out" : "busy";
  } catch {
    return "away";
  }
}

export function follow({ show, say }) {
  const root = document.documentElement;
  const live = () => document.querySelector("[data-live]") !== null;
  let source = null;
  let away = false;
  let wanted = null;
  let trying = null;

  const later = (when) => { clearTimeout(trying); trying = setTimeout(renew, when); };
  const newer = () => wanted !== null && wanted !== root.dataset.load;

  async function renew() {
    if (wanted === null || away || document.hidden) return;
    if (!live()) {
      if (newer()) state(NEWER, "warn");
      wanted = null;
      return;
    }
    if (busy()) {
      if (newer()) state(WAITING, "warn");
      later(1000);
      return;
    }
    const load = wanted;
    wanted = null;
    if (await show(location.href, { push: false, text: load === root.dataset.load ? "" : "Updated" })) return;
    // It could not be had: what stands there is said to be old, and it is tried again.
    wanted ??= load;
    if (newer() && !away) state(NEWER, "warn");
    later(LATER);
  }

  const want = (load) => { wanted = load; renew(); };

  async function gone() {
    const closed = source.readyState === EventSource.CLOSED;
    const why = closed ? await reason() : "away";
    if (closed) setTimeout(connect, why === "away" ? AGAIN : LATER);
    if (why !== "away") {
      away = false;
      banner(null);
      if (why === "signed out") state("Signed out: sign in again", "bad");
      return;
    }
    if (away) return;
    away = true;
    state("Server away, trying again", "bad");
    banner(AWAY);
    say(AWAY);
  }

  function back() {
    if (!away) return;
    away = false;
    banner(null);
    state(null);
    say("The server is back.");
    want(wanted ?? root.dataset.load);
  }

  // A page in the background lets its connection go: a browser has only a few for each server.
  function connect() {
    source?.close();
    source = null;
    // A panel in another site's page hears nothing, it is fetched again now and then: a browser has
    // only a few connections for each server, and with one for each frame none would be left for charts.
    if (document.hidden || "still" in root.dataset) return;
    source = new EventSource("/events");
    source.addEventListener("load", (event) => { if (event.data !== root.dataset.load) want(event.data); });
    source.onopen = back;
    source.onerror = gone;
  }

  document.addEventListener("visibilitychange", connect);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  setInterval(() => { if (!away) want(wanted ?? root.dataset.load); }, EVERY);
  connect();
}
