"""What the FLAIR shows of each part of the brain: of a part that it cuts off, no hyperintensity is known."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from neurolupus.imaging.atlas_fit import AtlasFit, in_mni
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.grid import bounding_box, crop
from neurolupus.imaging.lobes import is_left, lobe_of
from neurolupus.records.measured import LOBES
from neurolupus.records.measurement import Measurement
from neurolupus.records.volume import Affine, Mask, Volume

LEAST_SHOWN = 0.9  # of a part, for its hyperintensities to be told; ours
_BELOW, _ABOVE, _VENTRICLES = "cerebellum and brain stem", "cerebrum", "ventricles"
_LEFT, _RIGHT = "left side", "right side"
_LOBE_PARTS = {lobe: "deep nuclei" if lobe == "central" else f"{lobe} lobes" for lobe in LOBES}
# Of each part, how the columns of volumes.tsv begin that speak of it
COLUMNS: Mapping[str, tuple[str, ...]] = {
    _BELOW: ("wmh_infratentorial_",),
    _ABOVE: ("wmh_deep_", "wmh_juxtacortical_"),
    _VENTRICLES: ("wmh_periventricular_", "wmh_confluent_"),
    _LEFT: ("wmh_left_",),
    _RIGHT: ("wmh_right_",),
    **{part: (f"wmh_{lobe}_",) for lobe, part in _LOBE_PARTS.items()},
}


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """How much of the brain one image shows, 0 to 1.

    Parameters
    ----------
    brain : float
        Of the whole brain mask.
    parts : mapping of part to share
        The keys of `COLUMNS`, as far as the place of each is known; empty where the whole brain is shown.
    """

    brain: float
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def cut_off(self) -> dict[str, float]:
        """The parts of which less than `LEAST_SHOWN` is shown."""
        return {part: share for part, share in self.parts.items() if share < LEAST_SHOWN}

    @property
    def warnings(self) -> tuple[str, ...]:
        """The parts that are cut off, in one sentence.

        Examples
        --------
        >>> view = FieldOfView(0.95, {"cerebrum": 0.99, "cerebellum and brain stem": 0.61, "temporal lobes": 0.849})
        >>> print(view.warnings[0][:82])
        The FLAIR shows 0.61 of the cerebellum and brain stem, 0.84 of the temporal lobes;
        """
        told = ", ".join(f"{np.floor(100 * share) / 100:.2f} of the {part}" for part, share in self.cut_off.items())
        words = f"{LEAST_SHOWN:g} is needed to tell the hyperintensities there: their columns are n/a."
        return (f"The FLAIR shows {told}; {words}",) if told else ()

    def without_cut_off(self, found: Iterable[Measurement]) -> tuple[Measurement, ...]:
        """The measurements, unknown where they speak of a part that is cut off."""
        unknown = tuple(start for part in self.cut_off for start in COLUMNS[part])
        return tuple(replace(one, value=None) if unknown and one.name.startswith(unknown) else one for one in found)


def field_of_view(
    flair: Volume, t1w: Volume, brain: Mask, t1w_to_flair: Affine, head: HeadMap, fit: Callable[[], AtlasFit]
) -> FieldOfView:
    """How much of the brain and of its parts the FLAIR shows.

    Parameters
    ----------
    flair : Volume
        On its own grid.
    t1w : Volume
        The image whose grid the mask lies on.
    brain : (I, J, K) bool array
        Not empty.
    t1w_to_flair : (4, 4) float array
        Maps a RAS+ point of the T1w to the same anatomical point of the FLAIR.
    head : HeadMap
    fit : callable
        Gives the head's place in the atlas; asked only where something is not shown.
    """
    voxels = np.argwhere(brain)
    flair = _without_empty_edges(flair)
    shown = within(flair, t1w, voxels, t1w_to_flair)
    if shown.all():
        return FieldOfView(1.0)
    below = head.on(t1w, "cerebellar_gm", "infratentorial_wm")[brain] > 0.5
    ventricles = np.argwhere(head.on(t1w, "ventricle") > 0.5)
    parts = [(_BELOW, shown[below]), (_ABOVE, shown[~below])]
    parts.append((_VENTRICLES, within(flair, t1w, ventricles, t1w_to_flair)))
    place = fit()
    if place.is_good:
        mni = in_mni(voxels, t1w.affine, place)
        left, lobe = is_left(mni), lobe_of(mni[~below])
        parts += [(_LEFT, shown[left]), (_RIGHT, shown[~left])]
        parts += [(part, shown[~below][lobe == number]) for number, part in enumerate(_LOBE_PARTS.values())]
    return FieldOfView(float(shown.mean()), {name: float(seen.mean()) for name, seen in parts if len(seen)})


def shown_of(mask: Mask, flair: Volume, t1w: Volume, t1w_to_flair: Affine) -> Mask:
    """The part of a mask that the FLAIR shows, all of it where it shows none; parameters as of `field_of_view`.

    At the edge of what was scanned an image falls to nothing at once, which a network takes for the border of a lesion.
    """
    shown = mask.copy()
    shown[mask] = within(_without_empty_edges(flair), t1w, np.argwhere(mask), t1w_to_flair)
    return shown if shown.any() else mask


def _without_empty_edges(image: Volume) -> Volume:
    """What is left without slices of zeros at its sides: what was padded was not scanned."""
    return crop(image, bounding_box(image.data != 0))


def within(moving: Volume, fixed: Volume, voxels: NDArray[np.int_], fixed_to_moving: Affine) -> NDArray[np.bool_]:
    """Whether voxels of one image lie within the field of view of another.

    Parameters
    ----------
    moving : Volume
        The other image.
    fixed : Volume
        The image whose voxels they are.
    voxels : (n, 3) int array
    fixed_to_moving : (4, 4) float array
        Maps a RAS+ point of `fixed` to the same anatomical point of `moving`.

    Examples
    --------
    >>> image = Volume(np.zeros((4, 4, 4), np.float32), np.eye(4))
    >>> moved = np.eye(4)
    >>> moved[2, 3] = 1
    >>> within(image, image, np.array([[0, 0, 0], [0, 0, 2], [0, 0, 3]]), moved).tolist()
    [True, True, False]
    """
    to_moving = np.linalg.inv(moving.affine) @ fixed_to_moving @ fixed.affine
    seen = np.ones(len(voxels), bool)
    for axis, side in enumerate(moving.shape):
        place = voxels @ to_moving[axis, :3].astype(np.float32) + np.float32(to_moving[axis, 3])
        seen &= (place >= -0.5) & (place <= side - 0.5)
    return seen
