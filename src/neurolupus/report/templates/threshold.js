"use strict";
const chosen = () => document.querySelector("input[name=threshold]:checked")?.value ?? null;
const show = () => {
  for (const figure of document.querySelectorAll("figure[data-threshold]")) {
    figure.classList.toggle("lit", figure.dataset.threshold === chosen());
  }
  for (const value of document.querySelectorAll(".chosen-value")) value.textContent = chosen() ?? "…";
};
for (const option of document.querySelectorAll("input[name=threshold]")) option.addEventListener("change", show);
for (const figure of document.querySelectorAll("figure[data-threshold]")) {
  figure.addEventListener("click", () => {
    const option = [...document.querySelectorAll("input[name=threshold]")].find((o) => o.value === figure.dataset.threshold);
    option.checked = true;
    show();
  });
}
document.getElementById("save").addEventListener("click", () => {
  const needed = [document.getElementById("who"), document.getElementById("when")];
  const missing = needed.find((field) => field.value.trim() === "");
  document.getElementById("told").textContent = missing ? "Fill in who chose and when; then save." : "";
  if (missing) {
    missing.focus();
    return;
  }
  if (chosen() === null) return;
  const choice = {
    wmh_threshold: Number(chosen()),
    chosen_by: document.getElementById("who").value.trim(),
    date: document.getElementById("when").value,
    cases_shown: [...document.querySelectorAll("[data-case]")].map((c) => c.dataset.case),
    thresholds_shown: [...document.querySelectorAll("input[name=threshold]")].map((o) => Number(o.value)),
  };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(choice, null, 2) + "\n"], { type: "application/json" }));
  link.download = "wmh_threshold.json";
  link.click();
  URL.revokeObjectURL(link.href);
});
show();
