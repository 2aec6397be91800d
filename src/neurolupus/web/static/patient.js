// Printing with every detail open, and copying the paragraph for the radiology report.
document.querySelector("button.print")?.addEventListener("click", () => window.print());

for (const button of document.querySelectorAll("button.copy"))
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const told = button.closest(".card").querySelector(".copied");
    try {
      await navigator.clipboard.writeText(source.textContent);
      told.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(source);
      told.textContent = "Selected: copy with Ctrl+C.";
    }
  });
