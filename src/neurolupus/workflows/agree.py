"""neurolupus agree: how well two segmentations, or two tables of volumes, agree."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import TableError, UsageError
from neurolupus.imaging.agreement import (
    SegmentationAgreement,
    VolumeAgreement,
    segmentation_agreement,
    volume_agreement,
)
from neurolupus.io.faults import Fault, single_fault_error
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.io.tables import TableKind, VolumeTable, read_volume_table, write_tsv
from neurolupus.records.measurement import Number
from neurolupus.records.volume import Mask, Volume, check_same_grid
from neurolupus.stats.precision import HALF_WIDTH_LIMITS, has_spread, limit_half_width, n_for_limits

PAIR_COLUMNS = ("scan", "volume", "a_ml", "b_ml", "mean_ml", "difference_ml")
COMPARED = ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml")


@dataclass(frozen=True, slots=True)
class SegmentationComparison:
    """Two segmentations: one agreement per label, or one in all for masks and probabilities."""

    a: Path
    b: Path
    agreements: dict[str, SegmentationAgreement]

    def summary(self) -> dict[str, object]:
        """JSON of the comparison."""
        return {"a": str(self.a), "b": str(self.b), "labels": {k: asdict(v) for k, v in self.agreements.items()}}


@dataclass(frozen=True, slots=True, eq=False)
class PairedVolumes:
    """One column of both tables, scan by scan, and how well it agrees; None when fewer than two scans have both."""

    name: str
    scans: tuple[str, ...]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    agreement: VolumeAgreement | None
    defined_a: str = ""
    defined_b: str = ""

    @property
    def limit_half_width_ml(self) -> float | None:
        """Half the 95 % interval of either limit of agreement; None where differences do not vary."""
        if self.agreement is None or not has_spread(self.agreement.sd):
            return None
        return limit_half_width(self.agreement.n, self.agreement.sd)


@dataclass(frozen=True, slots=True, eq=False)
class TableComparison:
    """Two tables of volumes, matched by scan.

    Parameters
    ----------
    only_a, only_b : tuple of str
        Scans that the other one lacks.
    unusable : tuple of str
        Scans of both that either marks as not usable: left out, as a study leaves them out.
    """

    a: VolumeTable
    b: VolumeTable
    columns: tuple[PairedVolumes, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    matched_by: str
    unusable: tuple[str, ...] = ()
    limits_within: float = HALF_WIDTH_LIMITS

    @property
    def limits_needed(self) -> int:
        """How many scans would give limits of agreement within ± `limits_within` standard deviations."""
        return n_for_limits(1.0, self.limits_within)

    def summary(self) -> dict[str, object]:
        """JSON of the comparison."""
        return {
            "a": {"name": self.a.name, "kind": self.a.kind},
            "b": {"name": self.b.name, "kind": self.b.kind},
            "matched_by": self.matched_by,
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "unusable": list(self.unusable),
            "limits_half_width_ml": {c.name: c.limit_half_width_ml for c in self.columns},
            "limits_within_sd": self.limits_within,
            "limits_needed": self.limits_needed,
            "volumes": {c.name: asdict(c.agreement) if c.agreement else None for c in self.columns},
        }


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
    check_same_grid(first, second, (a.name, b.name))
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


def _mask(volume: Volume, threshold: float) -> Mask:
    """What is not zero in a mask or label image; what reaches the threshold in a probability map."""
    is_whole = np.array_equal(volume.data, np.rint(volume.data))
    return np.asarray(volume.data != 0 if is_whole else volume.data >= np.float32(threshold))


def compare_tables(a: VolumeTable, b: VolumeTable) -> TableComparison:
    """Compare the volumes that both tables hold, scan by scan; `a` is the reference.

    Scans are matched by participant and session; tables that name no scans by their order, if both have as many rows.
    Those that either table marks as not usable are left out.

    Raises
    ------
    TableError
        No usable scan is in both, or no volume is.
    """
    matches, matched_by = _match(a, b)
    names = [name for name in COMPARED if name in a.columns and name in b.columns]
    if not names:
        raise TableError(
            f"{a.name} has {', '.join(a.columns)} and {b.name} {', '.join(b.columns)}; no volume is in both.\n"
            "    Compare tables that share gm_ml, wm_ml, csf_ml, tiv_ml or wmh_ml."
        )
    may_be_used = [a.keys[i] not in a.unusable and b.keys[j] not in b.unusable for i, j in matches]
    unusable = tuple(_name_in(a, b, i, j) for (i, j), use in zip(matches, may_be_used, strict=True) if not use)
    in_both = [match for match, use in zip(matches, may_be_used, strict=True) if use]
    if not in_both:
        raise TableError(
            f"Of the {len(matches)} scans that {a.name} and {b.name} share, none is usable in both; volumes that may "
            "be used are compared.\n    The column unusable_reason tells why."
        )
    in_a, in_b = (np.array(indices) for indices in zip(*in_both, strict=True))
    scans = tuple(_name_in(a, b, i, j) for i, j in in_both)
    columns = tuple(_paired(name, scans, a, b, in_a, in_b) for name in names)
    matched_a, matched_b = ({match[side] for match in matches} for side in (0, 1))
    only_a = tuple(_scan_name(a, i) for i in range(len(a.keys)) if i not in matched_a)
    only_b = tuple(_scan_name(b, j) for j in range(len(b.keys)) if j not in matched_b)
    return TableComparison(a, b, columns, only_a, only_b, matched_by, unusable)


def _match(a: VolumeTable, b: VolumeTable) -> tuple[list[tuple[int, int]], str]:
    """Row numbers of the same scan in both tables, and by what they were matched."""
    if not (a.has_keys and b.has_keys):
        if len(a.keys) != len(b.keys):
            raise TableError(
                f"{a.name} has {len(a.keys)} rows and {b.name} {len(b.keys)}, and one of them names no scans; "
                "as many rows in the same order are needed.\n    Add a column with the names."
            )
        return [(i, i) for i in range(len(a.keys))], "row number"
    places = {key: j for j, key in enumerate(b.keys)}
    matches = [(i, places[key]) for i, key in enumerate(a.keys) if key in places]
    if not matches:
        raise TableError(
            f"{a.name} ({_examples(a)}) and {b.name} ({_examples(b)}) share no scan; the same participants and "
            "sessions are needed.\n    Make their names alike: sub-01, with ses-1 in both or in neither."
        )
    return matches, "participant and session"


def _paired(
    name: str, scans: Sequence[str], a: VolumeTable, b: VolumeTable, in_a: NDArray[np.int_], in_b: NDArray[np.int_]
) -> PairedVolumes:
    x, y = a.columns[name][in_a], b.columns[name][in_b]
    complete = int(np.count_nonzero(np.isfinite(x) & np.isfinite(y)))
    agreement = volume_agreement(x, y) if complete > 1 else None
    told = [(table.definitions or {}).get(name, "") for table in (a, b)]
    return PairedVolumes(name, tuple(scans), x, y, agreement, *told)


def _name_in(a: VolumeTable, b: VolumeTable, row_a: int, row_b: int) -> str:
    """The name of a matched scan, from the table that names scans."""
    return _scan_name(a, row_a) if a.has_keys else _scan_name(b, row_b)


def _scan_name(table: VolumeTable, row: int) -> str:
    participant, session = table.keys[row]
    return f"{participant}_ses-{session}" if session else str(participant)


def _examples(table: VolumeTable) -> str:
    names = [_scan_name(table, row) for row in range(min(3, len(table.keys)))]
    return ", ".join(names) + (" ..." if len(table.keys) > 3 else "")


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
