// What every page needs: nothing is sent twice, and an answer that refuses is shown where the form is.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 409 || status === 422) event.detail.shouldSwap = true;
});
