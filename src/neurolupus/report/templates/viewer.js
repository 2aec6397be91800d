"use strict";
for (const viewer of document.querySelectorAll(".viewer")) {
  const count = Number(viewer.dataset.count);
  const slider = viewer.querySelector("input[type=range]");
  const screen = viewer.querySelector(".screen");
  const layers = [...screen.querySelectorAll("img")];
  // the strip's first slice is the lowest; each layer is one picture of all slices, moved behind a window
  const show = () => {
    for (const layer of layers) layer.style.transform = `translateY(-${(100 * slider.value) / count}%)`;
  };
  slider.addEventListener("input", show);
  viewer.addEventListener("change", () => {
    for (const layer of layers) {
      const box = viewer.querySelector(`input[value="${layer.dataset.layer}"]`);
      layer.hidden = !box.checked;
    }
  });
}
