// A table that is wider than its place fades where it goes on: a number that is cut off would read as
// another one. What was moved has a line beside the column that stays.
const goesOn = (box) => {
  box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  box.classList.toggle("moved", box.scrollLeft > 0);
};
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => goesOn(entry.target.closest(".scroll"))));

/** Watch every table's place. */
export function markEdges(within = document) {
  within.querySelectorAll(".scroll").forEach((box) => { sizes.observe(box); if (box.firstElementChild) sizes.observe(box.firstElementChild); });
}

document.addEventListener("scroll", (event) => { if (event.target.classList?.contains("scroll")) goesOn(event.target); }, true);

// A menu opens to the left of its button's right edge; where that is outside the page, to the right.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu")) return;
  menu.classList.remove("to-right");
  if (menu.open) menu.classList.toggle("to-right", menu.lastElementChild.getBoundingClientRect().left < 0);
}, true);
