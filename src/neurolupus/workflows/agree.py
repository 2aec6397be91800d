"""neurolupus agree: how well two segmentations, or two tables of volumes, agree."""

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import UsageError
from neurolupus.imaging.agreement import SegmentationAgreement, segmentation_agreement
from neurolupus.io.faults import Fault, single_fault_error
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.io.own_wmh import SAME_GRID_MM, is_grey
from neurolupus.io.tables import TableKind, read_volume_table, write_tsv
from neurolupus.records.measurement import Number
from neurolupus.records.volume import Mask, Volume, check_same_grid, is_same_grid
from neurolupus.stats.precision import HALF_WIDTH_LIMITS
from neurolupus.workflows.agree_tables import TableComparison, compare_tables

PAIR_COLUMNS = ("scan", "volume", "a_ml", "b_ml", "mean_ml", "difference_ml")


@dataclass(frozen=True, slots=True)
class SegmentationComparison:
    """Two segmentations: one agreement per label, or one in all for masks and probabilities."""

    a: Path
    b: Path
    agreements: dict[str, SegmentationAgreement]

    def summary(self) -> dict[str, object]:
        """JSON of the comparison."""
        return {"a": str(self.a), "b": str(self.b), "labels": {k: asdict(v) for k, v in self.agreements.items()}}


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name."""
    return path.name.endswith((".nii", ".nii.gz"))


def compare(
    a: Path,
    b: Path,
    *,
    kind_a: TableKind | None = None,
    kind_b: TableKind | None = None,
    threshold: float = 0.2,
    min_lesion_ml: float = 0.0,
    limits_within: float = HALF_WIDTH_LIMITS,
) -> SegmentationComparison | TableComparison:
    """Compare two segmentations or two tables, told apart by the files' names; `a` is the reference.

    `limits_within` is the half-width, in standard deviations, that the sample-size hint of tables aims at.

    Raises
    ------
    UsageError
        One is an image and the other is not, or one is a folder.
    ImageError, TableError
        They cannot be read or compared.
    """
    folders = [str(path) for path in (a, b) if path.is_dir()]
    if folders:
        raise UsageError(
            f"{' and '.join(folders)} {'is a folder' if len(folders) == 1 else 'are folders'}; agree takes files.\n"
            f"    Many scans: neurolupus raters agree {a} {b} -o PAGE_DIR"
        )
    if is_image(a) != is_image(b):
        image, table = (a, b) if is_image(a) else (b, a)
        raise UsageError(
            f"{image} is an image and {table} is not; two of one kind are needed.\n"
            "    Give two segmentations (.nii, .nii.gz) or two tables (.tsv, .csv, .txt, .stats)."
        )
    if is_image(a):
        return compare_segmentations(a, b, threshold=threshold, min_lesion_ml=min_lesion_ml)
    tables = compare_tables(read_volume_table(a, kind=kind_a), read_volume_table(b, kind=kind_b))
    return replace(tables, limits_within=limits_within)


def compare_segmentations(
    a: Path, b: Path, *, threshold: float = 0.2, min_lesion_ml: float = 0.0
) -> SegmentationComparison:
    """Compare two masks, label images or probability maps on one grid.

    Parameters
    ----------
    threshold : float
        A probability map is a mask from here on.
    min_lesion_ml : float
        Smaller lesions are neither found nor missed.

    Raises
    ------
    ImageError
        One cannot be read or has values that are not finite, or their grids differ.

    Notes
    -----
    Label images are compared label by label; when one of the two is a mask, any label of the other counts.
    """
    first, second = _read_finite(a), _read_finite(b)
    if not is_same_grid(first, second, SAME_GRID_MM):  # other programs round what they write into a header
        check_same_grid(first, second, (a.name, b.name))
    if not 0 < threshold <= 1:
        raise UsageError(f"The threshold is {threshold:g}; a probability above 0, at most 1, is needed.")
    for path, volume in ((a, first), (b, second)):
        _check_probabilities(path, volume)
    labelled = [path for path, volume in ((a, first), (b, second)) if len(_labels_of(volume)) > 1]
    if len(labelled) == 2:
        one, other = read_labels(a), read_labels(b)
        labels = sorted({*np.unique(one.data).tolist(), *np.unique(other.data).tolist()} - {0})
        masks = {str(label): (one.data == label, other.data == label) for label in labels}
    else:
        masks = {"mask": (_mask(first, threshold), _mask(second, threshold))}
    agreements = {
        name: segmentation_agreement(x, y, first.affine, min_lesion_ml=min_lesion_ml) for name, (x, y) in masks.items()
    }
    return SegmentationComparison(a, b, agreements)


def _read_finite(path: Path) -> Volume:
    """A segmentation all of whose voxels have a value: NaN is neither inside nor outside."""
    volume = read_volume(path)
    if not np.isfinite(volume.data).all():
        fault = Fault("has values that are not finite; a mask or probabilities needed", "Give each voxel a value.")
        raise single_fault_error(path, fault)
    return volume


def _labels_of(volume: Volume) -> NDArray[np.float32]:
    """The labels of a label image, without 0; empty for a probability map."""
    if not np.array_equal(volume.data, np.rint(volume.data)):
        return np.empty(0, np.float32)
    values = np.unique(volume.data)
    return np.asarray(values[values != 0], np.float32)


def _check_probabilities(path: Path, volume: Volume) -> None:
    """Refuse shades of grey and per cent, which no threshold from 0 to 1 cuts."""
    low, high = float(volume.data.min()), float(volume.data.max())
    is_whole = np.array_equal(volume.data, np.rint(volume.data))
    if low < 0 or (high > 1 and (not is_whole or is_grey(volume.data))):
        fault = Fault(
            f"has values from {low:g} to {high:g}; a mask, labels or probabilities needed",
            "Divide it so that 1 is sure.",
        )
        raise single_fault_error(path, fault)


def _mask(volume: Volume, threshold: float) -> Mask:
    """What is not zero in a mask or label image; what reaches the threshold in a probability map."""
    is_whole = np.array_equal(volume.data, np.rint(volume.data))
    return np.asarray(volume.data != 0 if is_whole else volume.data >= np.float32(threshold))


def write_pairs(path: Path, result: SegmentationComparison | TableComparison) -> None:
    """Write every pair of volumes in ml, with mean and difference (b - a): what a Bland-Altman plot is drawn from."""
    rows: list[dict[str, Number]] = []
    if isinstance(result, SegmentationComparison):
        rows += [
            _pair_row(result.b.name, name, it.volume_a_ml, it.volume_b_ml) for name, it in result.agreements.items()
        ]
    else:
        for column in result.columns:
            for scan, a, b in zip(column.scans, column.a.tolist(), column.b.tolist(), strict=True):
                rows.append(_pair_row(scan, column.name, a, b))
    write_tsv(path, PAIR_COLUMNS, rows)


def _pair_row(scan: str, volume: str, a: float, b: float) -> dict[str, Number]:
    known = {"a_ml": a, "b_ml": b, "mean_ml": (a + b) / 2, "difference_ml": b - a}
    return {"scan": scan, "volume": volume, **{name: v if math.isfinite(v) else None for name, v in known.items()}}
