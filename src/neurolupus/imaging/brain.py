"""Brain: a T1w head to the probabilities of eight anatomical classes at 2 mm."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from neurolupus.errors import ImageContentError
from neurolupus.imaging.grid import isotropic_grid, largest_component, resample
from neurolupus.imaging.smoothing import blurred
from neurolupus.records.volume import Image, Probability, Volume

CLASSES = (
    "outside",
    "csf",
    "ventricle",
    "cortex",
    "deep_gm",
    "cerebral_wm",
    "cerebellar_gm",
    "infratentorial_wm",
)
INDEX = {name: index for index, name in enumerate(CLASSES)}
GM_CLASSES = ("cortex", "deep_gm", "cerebellar_gm")
WM_CLASSES = ("cerebral_wm", "infratentorial_wm")
CSF_CLASSES = ("csf", "ventricle")

NETWORK_VOXEL_MM = 2.0
WINDOW = (96, 112, 96)  # voxels the network was trained on
MULTIPLE = 16
OFF_CENTRE = 2.0  # voxels; six real heads with little air about them had at most 1, with much air up to 8
MOVES = 3
# Standardised differences of brightness below which, both together, a picture holds no head. Noise, a ball and a spot
# had at most 0.35 and 1.15; seven T1w at least 1.15 and 1.78; five FLAIR given as T1w 0.04 to 0.34 and 2.4 to 3.0.
LEAST_WM_GM, LEAST_GM_CSF = 0.5, 1.4
SMALLEST_BRAIN_ML = 400.0  # below any living head: the network found no brain


@dataclass(frozen=True, slots=True, eq=False)
class HeadMap:
    """Where the eight classes lie.

    Parameters
    ----------
    probabilities : (8, X, Y, Z) float32 array
        Sums to 1 over the classes, in the order of `CLASSES`.
    grid : Volume
        The isotropic grid the probabilities lie on.
    """

    probabilities: NDArray[np.float32]
    grid: Volume

    def of(self, *names: str) -> Probability:
        """The probability of one class or the sum of several, (X, Y, Z)."""
        total: Probability = self.probabilities[[INDEX[n] for n in names]].sum(0)
        return total

    def on(self, onto: Volume, *names: str) -> Probability:
        """The same on another grid, linearly interpolated."""
        return resample(self.grid.with_data(self.of(*names)), onto)


@lru_cache(maxsize=2)
def _session(threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # what the first look took would be held to the end: 0.4 GB
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # no core burns while it waits
    options.log_severity_level = 3
    model = resources.files("neurolupus.imaging.models").joinpath("brain_network.onnx").read_bytes()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def normalise(image: Image) -> Image:
    """Scaled so that the 98th percentile of what is not background is 1, clipped at 2, as the network was trained."""
    inside = image[image > 0.05 * image.max()]
    top = float(np.quantile(inside, 0.98)) if inside.size else 1.0
    scaled: Image = np.clip(image / max(top, 1e-6), 0, 2).astype(np.float32)
    return scaled


def _scores(image: Image, threads: int) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = _session(threads).run(None, {"image": image[None, None]})[0][0]
    return scores


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(scores - scores.max(0))
    probabilities: NDArray[np.float32] = raised / raised.sum(0)
    return probabilities


def _coarse(t1w: Volume, threads: int = 1) -> Volume:
    """The T1w on a 2 mm grid along its own axes, smoothed first where its voxels are finer."""
    sigma = [0.4 * np.sqrt(max(0.0, (NETWORK_VOXEL_MM / s) ** 2 - 1)) for s in t1w.voxel_size_mm]
    smooth = blurred(np.maximum(t1w.data, 0).astype(np.float32), sigma, threads=threads, truncate=2.5)
    onto = isotropic_grid(t1w, NETWORK_VOXEL_MM, MULTIPLE)
    return onto.with_data(resample(t1w.with_data(smooth), onto))


def _window(volume: Volume, centre: NDArray[np.float64]) -> Volume:
    """A window of the trained size about a voxel, zeros off the grid."""
    start = [round(c - w / 2) for c, w in zip(centre, WINDOW, strict=True)]
    data = np.zeros(WINDOW, np.float32)
    source, target = [], []
    for first, width, length in zip(start, WINDOW, volume.shape, strict=True):
        low, high = max(0, first), min(length, first + width)
        source.append(slice(low, high))
        target.append(slice(low - first, high - first))
    data[tuple(target)] = volume.data[tuple(source)]
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ start
    return Volume(data, affine)


def map_head(t1w: Volume, *, threads: int = 2) -> HeadMap:
    """Eight class probabilities of a head at 2 mm.

    A first look at the whole field of view finds the brain; the second, centred on it, is the mean over the image, its
    mirror image and half-window shifts, so that a small change of position changes little. Where much of the field of
    view is air or neck the first look is misled; the window is moved until it is centred on what is seen within it.

    Parameters
    ----------
    t1w : Volume
        Whole head or brain alone, RAS order, any voxel size.

    Raises
    ------
    ImageContentError
        No brain of at least 400 ml was found.

    References
    ----------
    .. [1] Billot et al. (2023), Med Image Anal 86:102789, doi:10.1016/j.media.2023.102789: training on simulated heads
       of random contrast. Our own network, simulator and weights: see training/brain_network.
    """
    coarse = _coarse(t1w, threads)
    first = _softmax(_scores(normalise(coarse.data), threads))
    inside = largest_component(first[0] < 0.5)
    found_ml = float(inside.sum()) * coarse.voxel_volume_ml
    if found_ml < SMALLEST_BRAIN_ML:
        raise ImageContentError(
            f"No brain found in the T1w: {found_ml:.0f} ml look like brain, at least {SMALLEST_BRAIN_ML:.0f} must.\n"
            "    Check that the file is a T1w of a whole head, and that its header puts the head upright (RAS axes)."
        )
    window, total = _centred(coarse, _middle(inside), threads)
    image = normalise(window.data)
    views = [(0, 0, 0), (1, 1, 1), (1, 0, 1), (0, 1, 0)]  # one voxel moves the 4 mm grid of the network by half
    for number, shift in enumerate(views[1:], start=1):  # `total` holds the first
        moved = np.roll(image, shift, (0, 1, 2))
        mirrored = number % 2 == 1
        scores = _scores(np.ascontiguousarray(moved[::-1]) if mirrored else moved, threads)
        probabilities = _softmax(scores[:, ::-1] if mirrored else scores)
        total += np.roll(probabilities, [-s for s in shift], (1, 2, 3))
    head = HeadMap((total / np.float32(len(views))).astype(np.float32), window)
    _check_head(head)
    return head


def _centred(coarse: Volume, centre: NDArray[np.float64], threads: int) -> tuple[Volume, NDArray[np.float32]]:
    """The window about the brain, and its classes in one view."""
    for _ in range(MOVES + 1):
        window = _window(coarse, centre)
        probabilities = _softmax(_scores(normalise(window.data), threads))
        inside = largest_component(probabilities[0] < 0.5)
        off = _middle(inside) - np.array(WINDOW) / 2 if inside.any() else np.zeros(3)
        if np.abs(off).max() <= OFF_CENTRE:
            break
        centre = centre + off
    return window, probabilities


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of the mask's bounding box, in voxels."""
    hit = np.argwhere(mask)
    middle: NDArray[np.float64] = (hit.min(0) + hit.max(0) + 1) / 2
    return middle


def _check_head(head: HeadMap) -> None:
    """Raise ImageContentError where what the network calls white, grey and fluid does not differ in brightness.

    A network finds a brain in any cloud; a head's tissues also differ in the image.
    """
    likeliest = head.probabilities.argmax(0)
    wm, gm, csf = (_level(head.grid.data[likeliest == INDEX[n]]) for n in ("cerebral_wm", "cortex", "csf"))
    wm_gm, gm_csf = _difference(wm, gm), _difference(gm, csf)
    if wm_gm < LEAST_WM_GM and gm_csf < LEAST_GM_CSF:
        raise ImageContentError(
            f"No head found in the T1w: tissues differ by {wm_gm:.2f} (white and grey matter) and {gm_csf:.2f} "
            f"(grey matter and fluid) standard deviations; a T1w has at least {LEAST_WM_GM} or {LEAST_GM_CSF}.\n"
            "    Check that the file is a T1w of a whole head, and that its header puts the head upright (RAS axes)."
        )


def _level(values: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and variance; nothing at all for a handful of voxels."""
    return (float(values.mean()), float(values.var())) if values.size > 100 else (0.0, 0.0)


def _difference(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Difference of two means in units of their pooled standard deviation; 0 where nothing varies."""
    spread = np.sqrt((a[1] + b[1]) / 2)
    return abs(a[0] - b[0]) / float(spread) if spread > 0 else 0.0
