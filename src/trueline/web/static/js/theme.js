// Before the first paint: the theme that was chosen, else the system's.
(() => {
  const root = document.documentElement;
  let chosen = null;
  try { chosen = localStorage.getItem("trueline-theme"); } catch { /* storage may be closed */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
  root.classList.add("js");
})();
