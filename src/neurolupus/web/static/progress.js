// Shows how far measuring is: the server tells each step as it begins.
for (const place of document.querySelectorAll("[data-progress]")) {
  const source = new EventSource(place.dataset.progress);
  const bar = place.querySelector("progress"), words = place.querySelector("[role=status]");
  source.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    words.textContent = told.text;
    if (told.share !== null) { bar.max = 1; bar.value = told.share; } else bar.removeAttribute("value");
    place.dataset.status = told.status;
    if (!["queued", "running"].includes(told.status)) {
      source.close();
      if (place.hasAttribute("data-reload")) location.reload();
    }
  });
}
