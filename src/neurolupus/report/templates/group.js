"use strict";
const marked = [...document.querySelectorAll("[data-scan]")];
const status = document.getElementById("held");
let held = null;
const light = (scan) => {
  for (const element of marked) element.classList.toggle("lit", scan !== null && element.dataset.scan === scan);
  if (status) status.textContent = scan === null ? "\u00a0" : scan;
};
for (const dot of document.querySelectorAll(".dot")) {
  dot.addEventListener("mouseenter", () => light(dot.dataset.scan));
  dot.addEventListener("mouseleave", () => light(held));
  dot.addEventListener("click", () => {
    held = held === dot.dataset.scan ? null : dot.dataset.scan;
    light(held);
  });
}
const body = document.querySelector("table.subjects tbody");
const rows = [...body.rows];
for (const row of rows) {
  row.addEventListener("mouseenter", () => light(row.dataset.scan));
  row.addEventListener("mouseleave", () => light(held));
}
const search = document.getElementById("search");
const found = document.getElementById("found");
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = new Set();
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) kept.add(row.dataset.scan);
  }
  for (const tile of document.querySelectorAll(".tiles a")) tile.hidden = !kept.has(tile.dataset.scan);
  found.textContent = `${kept.size} of ${rows.length} scans`;
});
const headings = [...document.querySelectorAll("table.subjects thead th")];
headings.forEach((heading, column) => {
  heading.querySelector("button").addEventListener("click", () => {
    const rising = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
    };
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1; // unknown stays last
      const order = typeof x === "number" ? x - y : x.localeCompare(y, undefined, { numeric: true });
      return rising ? order : -order;
    };
    body.append(...[...rows].sort(compare));
  });
});
