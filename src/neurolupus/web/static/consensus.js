// The decision's form: a dissent is added or removed; what was typed is not lost by leaving the page.
const form = document.querySelector("form.decision");
let added = 0;

form?.addEventListener("click", (event) => {
  const button = event.target.closest("button.add, button.remove");
  if (!button) return;
  const list = button.closest("[data-list]");
  if (button.classList.contains("add")) {
    added += 1;
    const made = list.querySelector("template").content.cloneNode(true);
    for (const one of made.querySelectorAll("[id], [for]"))
      for (const name of ["id", "for"])
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("__new__", `new-${added}`));
    list.querySelector(".entries").append(made);
    list.querySelector(".entries").lastElementChild.querySelector("input").focus();
  } else {
    button.closest("fieldset.entry").remove();
    list.querySelector("button.add").focus();
  }
});

let typed = false;
let sent = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { sent = true; });
addEventListener("beforeunload", (event) => { if (typed && !sent) event.preventDefault(); });
