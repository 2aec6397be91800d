// A session that ends while somebody types: what was typed stays in the page, and is sent once its user is back.
// Nothing is kept anywhere else. Signing in happens in a tab of its own, whatever the way: password, code, provider.
const user = document.body.dataset.user;
const dialog = document.getElementById("again");
const asking = new WeakSet(), sure = new WeakSet();
let waiting = null;

/** Whether the page's user is signed in; forms then hold the secret of the present session. */
async function stillIn() {
  const answer = await fetch("/session", { redirect: "manual", cache: "no-store" });
  if (!answer.ok) return false;
  const { name, csrf } = await answer.json();
  if (name !== user) return false;
  for (const one of document.querySelectorAll("input[name=csrf]")) one.value = csrf;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": csrf }));
  return true;
}

/** Waits until the user has signed in again; false where the dialog is closed before. */
function again() {
  waiting ??= new Promise((resolve) => {
    const look = async () => { if (dialog.open && (await stillIn().catch(() => false))) dialog.close("in"); };
    const timer = setInterval(look, 2000);
    addEventListener("focus", look);
    dialog.querySelector("button.look").onclick = look;
    dialog.addEventListener("close", () => {
      clearInterval(timer);
      removeEventListener("focus", look);
      waiting = null;
      resolve(dialog.returnValue === "in");
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  });
  return waiting;
}

document.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (form.getAttribute("method") !== "post" || form.getAttribute("action") === "/sign-out" || sure.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (asking.has(form)) return;
  asking.add(form);
  const goes = (await stillIn().catch(() => true)) || (await again()); // no answer: the browser tells that better
  asking.delete(form);
  if (!goes) return;
  sure.add(form);
  form.requestSubmit(button);
  sure.delete(form); // where the browser found a field missing
}, true);

// What htmx asks by itself, such as scores while typing.
document.addEventListener("htmx:responseError", async (event) => {
  const { xhr, elt, requestConfig } = event.detail;
  if (xhr.status !== 401 || !(await again())) return;
  const type = requestConfig.triggeringEvent?.type ?? "input";
  if (type === "submit") elt.requestSubmit();
  else elt.dispatchEvent(new Event(type, { bubbles: true }));
});
