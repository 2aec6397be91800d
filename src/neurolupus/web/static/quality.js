// One scan, lit in the mosaic and in every plot: by pointer, by focus, or by choosing it.
const marked = [...document.querySelectorAll("[data-scan]")];
const held = document.getElementById("held"), pick = document.getElementById("pick");
const names = new Map([...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.scan, tile.dataset.label]));
const light = (scan, words) => {
  for (const one of marked) one.classList.toggle("lit", Boolean(scan) && one.dataset.scan === scan);
  if (held) held.textContent = scan ? words ?? names.get(scan) : "\u00a0";
};
for (const one of marked) {
  for (const begins of ["mouseenter", "focus"]) one.addEventListener(begins, () => light(one.dataset.scan));
  for (const ends of ["mouseleave", "blur"]) one.addEventListener(ends, () => light(pick?.value));
  if (one.matches("circle")) one.addEventListener("click", () => { pick.value = one.dataset.scan; light(pick.value); });
}
// Along a plot with the keyboard, from the least to the largest: its dots stand in that order.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, Home: -Infinity, End: Infinity };
for (const plot of document.querySelectorAll(".along")) {
  const dots = [...plot.querySelectorAll("circle")];
  plot.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined || !dots.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const found = dots.findIndex((dot) => dot.dataset.scan === pick.value);
    const at = found < 0 && step === -1 ? dots.length : found; // from outside, in at the end one comes from
    const next = dots[Math.min(Math.max(at + step, 0), dots.length - 1)];
    pick.value = next.dataset.scan;
    light(pick.value, `${plot.querySelector(".strong tspan").textContent}: ${next.querySelector("title").textContent}`);
  });
}
pick?.addEventListener("change", () => light(pick.value));
// A reason is needed for an exclusion, and for nothing else.
document.addEventListener("change", (event) => {
  const form = event.target.closest(".verdict");
  if (form) form.elements.reason.required = form.elements.verdict.value === "exclude";
});
// A refused rating is told beside its form; after what the app does everywhere.
window.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt } = event.detail;
  if (xhr.status < 400 || !elt.closest(".rate")) return;
  event.detail.shouldSwap = false;
  const words = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".told")?.textContent;
  const told = elt.querySelector(".refused") ?? elt.appendChild(document.createElement("p"));
  told.className = "refused told card bad";
  told.setAttribute("role", "alert");
  told.textContent = words ?? `The server answered ${xhr.status}.`;
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=text], select, textarea")) return;
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});
