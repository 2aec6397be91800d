// Files that are too large are refused before they are sent; the answer of the server is shown where the form is.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const largest = Number(form.dataset.upload) * 1048576;
  const check = () => {
    const files = [...form.querySelectorAll("input[type=file]")];
    const total = files.reduce((sum, input) => sum + (input.files[0]?.size ?? 0), 0);
    const words = total > largest ? `These files have ${Math.ceil(total / 1048576)} MB; at most ${form.dataset.upload} are taken.` : "";
    files.forEach((input) => input.setCustomValidity(words));
  };
  form.addEventListener("change", check);
  form.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total } = event.detail;
    const answer = form.querySelector(".answer");
    if (answer && total) answer.textContent = `Sent ${Math.round((100 * loaded) / total)} %`;
  });
}
window.addEventListener("htmx:beforeSwap", (event) => { // after what the app does everywhere
  const { xhr, elt } = event.detail;
  const answer = xhr.status >= 400 && elt.closest("form[data-upload]")?.querySelector(".answer");
  if (!answer) return;
  event.detail.shouldSwap = false;
  const words = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".told")?.textContent;
  answer.textContent = words ?? `The server answered ${xhr.status}.`;
  answer.className = "answer told card bad";
  answer.setAttribute("role", "alert");
});
