// The scan viewer: a small adapter to niivue. Nothing is fetched but this scan's images, from this server.
const HEAT = { // as in the reports: dark red, orange, pale yellow
  R: [91, 91, 163, 220, 245, 252, 255], G: [15, 15, 21, 74, 147, 211, 251], B: [60, 60, 63, 44, 34, 77, 209],
  A: [0, 255, 255, 255, 255, 255, 255], I: [0, 1, 51, 102, 153, 204, 255],
};
const EDITED = { R: [0, 86, 86], G: [0, 180, 180], B: [0, 233, 233], A: [0, 255, 255], I: [0, 1, 255] };
const GREY = { R: [0, 255], G: [0, 255], B: [0, 255], A: [255, 255], I: [0, 255] }; // opaque, unlike niivue's own
const HIDDEN_BELOW_MIN = 2; // niivue's colormapType: colours from zero, nothing below cal_min
const TOP = { t1w: 0.997, flair: 0.999 }; // what is white: as in the reports
const AXIAL = 0, CORONAL = 1, SAGITTAL = 2;
const WIDE = [
  { sliceType: AXIAL, position: [0, 0, 0.56, 1] }, { sliceType: CORONAL, position: [0.56, 0, 0.44, 0.5] },
  { sliceType: SAGITTAL, position: [0.56, 0.5, 0.44, 0.5] },
];
const TALL = [
  { sliceType: AXIAL, position: [0, 0, 1, 0.6] }, { sliceType: CORONAL, position: [0, 0.6, 0.5, 0.4] },
  { sliceType: SAGITTAL, position: [0.5, 0.6, 0.5, 0.4] },
];
const stage = document.getElementById("viewer");
if (stage) begin(stage).catch((error) => fail(stage, error));

async function begin(stage) {
  const canvas = stage.querySelector("canvas");
  if (!document.createElement("canvas").getContext("webgl2")) throw new Error("This browser offers no WebGL 2");
  const { Niivue } = await import("/static/vendor/niivue.js");
  const nv = new Niivue({
    backColor: [0.043, 0.055, 0.067, 1], crosshairColor: [0.44, 0.75, 0.86, 0.9], crosshairWidth: 0.7, crosshairWidthUnit: "mm",
    isRadiologicalConvention: true, sagittalNoseLeft: true,
    dragAndDropEnabled: false, viewModeHotKey: "", clipPlaneHotKey: "", cycleClipPlaneHotKey: "",
    loadingText: "", logLevel: "error", fontMinPx: 15, fontColor: [0.9, 0.93, 0.95, 1], show3Dcrosshair: false,
  });
  nv.addColormap("wmh", HEAT);
  nv.addColormap("grey", GREY);
  nv.addColormap("edited", EDITED);
  await nv.attachToCanvas(canvas);
  nv.setSliceType(nv.sliceTypeMultiplanar);
  const arrange = () => nv.setCustomLayout(canvas.clientWidth > canvas.clientHeight ? WIDE : TALL);
  arrange();
  new ResizeObserver(arrange).observe(canvas);
  const names = stage.dataset.images.split(" ").filter((name) => ["t1w", "flair", "wmh"].includes(name));
  const place = Object.fromEntries(names.map((name, index) => [name, index]));
  const url = (name) => `/scans/${stage.dataset.scan}/image/${name}.nii.gz`;
  const shape = (name) => name === "wmh"
    ? { colormap: "wmh", cal_min: Number(stage.dataset.threshold), cal_max: 1, opacity: 0.7 }
    : { colormap: "grey", opacity: 1 };
  await nv.loadVolumes(names.map((name) => ({ url: url(name), name: `${name}.nii.gz`, ...shape(name) })));
  for (const name of Object.keys(TOP)) if (name in place) brighten(nv.volumes[place[name]], TOP[name]);
  const overlay = "wmh" in place ? nv.volumes[place.wmh] : null;
  if (overlay) overlay.colormapType = HIDDEN_BELOW_MIN;
  new Controls(stage, nv, place, overlay, url);
  stage.dataset.state = "ready";
  stage.querySelector(".wait").hidden = true;
}

function brighten(volume, top) { // black at nothing, white at the brightest of the head
  const { img, hdr } = volume, sample = [];
  const peak = img.reduce((most, value) => (value > most ? value : most), 0);
  for (let i = 0; i < img.length; i += 11) if (img[i] > 0.05 * peak) sample.push(img[i]);
  sample.sort((a, b) => a - b);
  const white = sample[Math.floor(top * (sample.length - 1))] ?? 1;
  volume.cal_min = 0;
  volume.cal_max = white * (hdr.scl_slope || 1) + hdr.scl_inter;
}

function fail(stage, error) {
  stage.dataset.state = "failed";
  const told = stage.querySelector(".wait");
  told.textContent = `The viewer could not start (${error.message}). `;
  const link = document.createElement("a");
  link.href = `/scans/${stage.dataset.scan}/report`;
  link.textContent = "The report holds pictures of every step.";
  told.append(link);
}

class Controls {
  constructor(stage, nv, place, overlay, url) {
    Object.assign(this, { stage, nv, place, overlay, url, edited: null, lesion: -1 });
    this.find = (selector) => stage.querySelector(selector);
    this.jumps = [...stage.querySelectorAll(".jump")];
    stage.querySelectorAll("[name=background]").forEach((one) => one.addEventListener("change", () => this.background(one.value)));
    this.find("#overlay")?.addEventListener("change", () => this.paint());
    for (const name of ["opacity", "threshold"]) this.find(`#${name}`)?.addEventListener("input", () => this.paint());
    this.find("#edit")?.addEventListener("change", (event) => this.compare(event.target.value));
    this.jumps.forEach((one, index) => one.addEventListener("click", () => this.jump(index)));
    document.addEventListener("keydown", (event) => this.key(event));
    nv.onLocationChange = () => this.told();
    this.background(this.find("[name=background]:checked")?.value ?? "t1w");
    this.paint();
    if (this.jumps.length) this.jump(0);
    else this.told();
  }

  background(name) {
    if ("flair" in this.place) this.nv.setOpacity(this.place.flair, name === "flair" ? 1 : 0); // it lies over the T1w
    this.stage.dataset.background = name;
    const radio = this.find(`[name=background][value=${name}]`);
    if (radio) radio.checked = true;
  }

  paint() {
    if (!this.overlay) return;
    const [opacity, threshold] = ["opacity", "threshold"].map((name) => {
      const input = this.find(`#${name}`);
      this.find(`output[for=${name}]`).value = Number(input.value).toFixed(2);
      return Number(input.value);
    });
    const shown = this.find("#overlay").checked;
    this.overlay.cal_min = threshold;
    this.nv.setOpacity(this.place.wmh, shown ? opacity : 0);
    this.nv.updateGLVolume();
    Object.assign(this.stage.dataset, { overlay: shown ? "on" : "off", shownFrom: threshold.toFixed(2) });
  }

  async compare(id) {
    if (this.edited) this.nv.removeVolume(this.edited);
    this.edited = null;
    if (id) {
      const address = `/scans/${this.stage.dataset.scan}/edits/${id}/mask.nii.gz`;
      await this.nv.addVolumeFromUrl({ url: address, name: "edited.nii.gz", colormap: "edited", cal_min: 0.5, cal_max: 1, opacity: 0.6 });
      this.edited = this.nv.volumes.at(-1);
    }
    this.stage.dataset.edited = id;
  }

  jump(index) {
    if (!this.jumps.length) return;
    this.lesion = (index + this.jumps.length) % this.jumps.length;
    const { x, y, z } = this.jumps[this.lesion].dataset;
    this.to([x, y, z].map(Number));
    this.jumps.forEach((one, number) => one.closest("tr").toggleAttribute("data-here", number === this.lesion));
    const row = this.jumps[this.lesion].closest("tr"), rolls = this.find(".rolls");
    rolls.scrollTop = row.offsetTop - rolls.clientHeight / 2; // the list alone moves, never the page
  }

  to(mm) {
    this.nv.scene.crosshairPos = this.nv.mm2frac(mm);
    this.nv.drawScene();
    this.told();
  }

  told() {
    const mm = [...this.nv.frac2mm(this.nv.scene.crosshairPos)].slice(0, 3);
    const [x, y, z] = mm;
    const side = (value, low, high) => `${Math.abs(value).toFixed(1)} mm ${value < 0 ? low : high}`;
    this.stage.dataset.at = mm.map((value) => value.toFixed(1)).join(" ");
    this.find("#where").value = `${side(x, "left", "right")}, ${side(y, "back", "front")}, ${side(z, "down", "up")}`;
  }

  step(key) {
    const moves = { ArrowLeft: [1, 0, 0], ArrowRight: [-1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1] };
    if (!moves[key]) return false;
    const mm = [...this.nv.frac2mm(this.nv.scene.crosshairPos)];
    this.to(moves[key].map((move, axis) => mm[axis] + move));
    return true;
  }

  key(event) {
    const typing = event.target.closest("input:not([type=radio], [type=checkbox], [type=range]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const nudge = (by) => {
      const input = this.find("#threshold");
      if (input) { input.value = Number(input.value) + by; this.paint(); }
    };
    const actions = {
      1: () => this.background("t1w"), 2: () => "flair" in this.place && this.background("flair"),
      o: () => { const box = this.find("#overlay"); if (box) { box.checked = !box.checked; this.paint(); } },
      n: () => this.jump(this.lesion + 1), p: () => this.jump(this.lesion - 1),
      "+": () => nudge(0.05), "-": () => nudge(-0.05),
    };
    const pictured = event.target === this.find("canvas");
    if (pictured && this.step(event.key)) return event.preventDefault();
    if (actions[event.key]) { actions[event.key](); event.preventDefault(); }
  }
}
