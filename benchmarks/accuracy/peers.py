"""ANTs (antspyx) on the same scans: rigid registration, N4, Atropos. Optional: install antspyx to compare."""

from types import ModuleType
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from real_scans import transform_to_ras

from neurolupus.records.volume import Volume

MISSING = "antspyx is not installed, so ANTs is not compared; pip install antspyx to compare."


def load_ants() -> ModuleType | None:
    """The ants module, or None when it is not installed."""
    try:
        import ants
    except ImportError:
        return None
    return ants  # type: ignore[no-any-return]


def to_ants(ants: ModuleType, volume: Volume) -> Any:
    """An ANTs image (LPS) of a volume (RAS)."""
    spacing = np.array(volume.voxel_size_mm)
    flip = np.diag([-1.0, -1.0, 1.0])
    return ants.from_numpy(
        np.asarray(volume.data, np.float32),
        origin=(flip @ volume.affine[:3, 3]).tolist(),
        spacing=spacing.tolist(),
        direction=flip @ (volume.affine[:3, :3] / spacing),
    )


def rigid(ants: ModuleType, flair: Volume, t1w: Volume) -> NDArray[np.float64]:
    """ANTs' rigid map (4, 4 RAS) of FLAIR points to T1w points; ANTs' defaults."""
    found = ants.registration(fixed=to_ants(ants, flair), moving=to_ants(ants, t1w), type_of_transform="Rigid")
    return transform_to_ras(sitk.ReadTransform(found["fwdtransforms"][0]))


def atropos_volumes(ants: ModuleType, t1w: Volume, brain_mask: NDArray[np.bool_]) -> dict[str, float]:
    """Volumes (ml) of CSF, GM and WM that N4 and Atropos (k-means start, three classes) find in a given brain mask."""
    image, mask = to_ants(ants, t1w), to_ants(ants, t1w.with_data(brain_mask.astype(np.float32)))
    corrected = ants.n4_bias_field_correction(image, mask=mask)
    found = ants.atropos(a=corrected, x=mask, i="kmeans[3]", m="[0.2,1x1x1]", c="[5,0]")
    means = [float((corrected.numpy() * p.numpy()).sum() / p.numpy().sum()) for p in found["probabilityimages"]]
    totals = [float(p.numpy().sum()) * t1w.voxel_volume_ml for p in found["probabilityimages"]]
    names = ("csf_ml", "gm_ml", "wm_ml")
    return {name: totals[k] for name, k in zip(names, np.argsort(means), strict=True)}
