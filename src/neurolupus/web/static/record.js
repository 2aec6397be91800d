// The record's form: entries are added and removed, each fault stands at its field, nothing typed is left by mistake.
const form = document.querySelector("form.record");

form?.addEventListener("click", (event) => {
  const button = event.target.closest("button.add, button.remove");
  if (!button) return;
  if (button.classList.contains("add")) {
    const list = button.closest("[data-list]");
    const next = `${Date.now() % 1e9}`;
    const made = list.querySelector("template").content.cloneNode(true);
    for (const one of made.querySelectorAll("[name], [id], [for], [data-name], [aria-describedby]"))
      for (const name of ["name", "id", "for", "data-name", "aria-describedby"])
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replaceAll("__new__", next));
    const entries = list.querySelector(".entries");
    entries.append(made);
    entries.lastElementChild.querySelector("input:not([type=hidden]), select")?.focus();
  } else {
    const list = button.closest("[data-list]");
    button.closest("fieldset.entry").remove();
    list.querySelector("button.add").focus();
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "beside") return;
  for (const one of form.querySelectorAll(".faults")) one.replaceChildren();
  for (const one of form.querySelectorAll(".wrong")) one.classList.remove("wrong");
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const fault of event.target.querySelectorAll("[data-fault]")) {
    const place = document.getElementById(`${fault.dataset.fault}-faults`);
    if (!place) continue;
    const told = document.createElement("p");
    told.textContent = fault.textContent;
    place.append(told);
    const field = place.closest(".field, .entry");
    field?.classList.add("wrong");
    field?.querySelector("input:not([type=hidden]), select, textarea")?.setAttribute("aria-invalid", "true");
  }
});

let typed = false;
let sent = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { sent = true; });
addEventListener("beforeunload", (event) => { if (typed && !sent) event.preventDefault(); });
