// A table that is wider than its place fades where it goes on: a number that is cut off would read as
// another one.
const goesOn = (box) => box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => goesOn(entry.target.closest(".scroll"))));

/** Watch every table's place. */
export function markEdges(within = document) {
  within.querySelectorAll(".scroll").forEach((box) => { sizes.observe(box); if (box.firstElementChild) sizes.observe(box.firstElementChild); });
}

document.addEventListener("scroll", (event) => { if (event.target.classList?.contains("scroll")) goesOn(event.target); }, true);
