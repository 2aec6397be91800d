"""neurolupus raters agree: lesion maps of two raters or more, or of a rater and the model, compared scan by scan."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import UsageError
from neurolupus.imaging.agreement import (
    SegmentationAgreement,
    VolumeAgreement,
    icc_agreement,
    segmentation_agreement,
    volume_agreement,
)
from neurolupus.imaging.volumes import mask_volume_ml
from neurolupus.io.atomic import write_json
from neurolupus.io.delimited import write_tsv
from neurolupus.io.nifti import read_volume
from neurolupus.io.own_wmh import SAME_GRID_MM
from neurolupus.io.rater_folder import labels_sha256
from neurolupus.records.measurement import Number
from neurolupus.records.volume import Mask, Volume, check_same_grid, is_same_grid
from neurolupus.stats.kappa import Kappa, kappa_of_table
from neurolupus.stats.precision import (
    HALF_WIDTH_DICE,
    HALF_WIDTH_LIMITS,
    has_spread,
    limit_half_width,
    mean_half_width,
    n_for_limits,
    n_for_mean,
)
from neurolupus.workflows.observer import Observer, Silent
from neurolupus.workflows.raters_ratings import RatingAgreement, rating_agreements, read_ratings
from neurolupus.workflows.raters_sources import LesionMap, LesionMaps, lesion_maps, read_lesion_map

PAIR_COLUMNS = (
    *("scan", "a", "b", "dice", "lesion_f1", "lesion_recall", "lesion_precision", "hausdorff95_mm"),
    *("kappa", "volume_a_ml", "volume_b_ml", "volume_error_ml", "unsure_ml"),
)


@dataclass(frozen=True, slots=True)
class ScanAgreement:
    """One scan as two raters see it; `kappa` counts voxels of the brain, None without a brain mask."""

    scan: str
    agreement: SegmentationAgreement
    kappa: float | None
    unsure_ml: float


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How closely n scans, two at least, estimate agreement, and how many would do so within what is wanted.

    Parameters
    ----------
    dice_mean, dice_sd, dice_half_width : float
        Mean over scans, its standard deviation, and half its 95 % interval.
    dice_needed : int
        Scans for ± `dice_within`.
    limits_half_width_ml, limits_needed
        Half the 95 % interval of a limit of agreement, and scans for ± `limits_within` standard deviations.

    Notes
    -----
    Scans that do not vary tell nothing of how many would do: half-widths and scans needed are then None.
    """

    n: int
    dice_mean: float
    dice_sd: float
    dice_half_width: float | None
    dice_within: float
    dice_needed: int | None
    limits_half_width_ml: float | None
    limits_within: float
    limits_needed: int | None


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two raters over all scans that both have; `b` against `a`."""

    a: str
    b: str
    scans: tuple[ScanAgreement, ...]
    volumes: VolumeAgreement | None
    size: SampleSize | None


@dataclass(frozen=True, slots=True, eq=False)
class RatersComparison:
    """Every two raters, the intraclass correlation of all, and their grades.

    Parameters
    ----------
    icc21 : float or None
        Of the volumes as each rater has them, whatever another could not decide.
    left_out : tuple of str
        Scans that not every rater has.
    untouched : tuple of (rater, scan)
        Maps that are as they were exported: nothing was to be drawn, or the rater has not begun.
    """

    raters: tuple[LesionMaps, ...]
    pairs: tuple[PairAgreement, ...]
    icc21: float | None
    left_out: tuple[str, ...]
    ratings: tuple[RatingAgreement, ...]
    untouched: tuple[tuple[str, str], ...] = ()

    def summary(self) -> dict[str, object]:
        """JSON of the comparison."""
        return {
            "raters": [one.name for one in self.raters],
            "left_out": list(self.left_out),
            "untouched": [list(one) for one in self.untouched],
            "icc21_of_all": self.icc21,
            "pairs": [asdict(pair) for pair in self.pairs],
            "ratings": [asdict(one) for one in self.ratings],
        }


def compare_raters(
    folders: Sequence[Path],
    *,
    ratings: Sequence[Path] = (),
    key: Path | None = None,
    min_lesion_ml: float = 0.0,
    dice_within: float = HALF_WIDTH_DICE,
    limits_within: float = HALF_WIDTH_LIMITS,
    observer: Observer | None = None,
) -> RatersComparison:
    """Compare the lesion maps in several folders, and the grades in tables.

    Parameters
    ----------
    folders : sequence of Path
        None, or two at least; see `lesion_maps`. The first of each two is the reference.
    ratings : sequence of Path
        See `read_ratings`.
    dice_within, limits_within : float
        Half-widths that the sample-size hint aims at: of mean Dice, and of a limit of agreement in standard deviations.

    Raises
    ------
    UsageError
        One folder alone, or no scan is in all.
    """
    observer = observer or Silent()
    if len(folders) == 1 or not (folders or ratings):
        raise UsageError(
            f"{len(folders)} folder given; two raters at least are compared.\n"
            "    neurolupus raters agree RATER_A RATER_B -o PAGE_DIR"
        )
    graded = rating_agreements(read_ratings(ratings)) if ratings else ()
    raters = _named([lesion_maps(folder, key=key) for folder in folders], folders)
    scans, left_out = _common(raters)
    found: dict[tuple[str, str], list[ScanAgreement]] = {(a.name, b.name): [] for a, b in combinations(raters, 2)}
    volumes, untouched = [], []
    for scan in scans:
        observer.say(f"{scan} ...")
        maps, brain = _read_scan(raters, scan)
        volumes.append([mask_volume_ml(one.wmh, one.grid.affine) for one in maps.values()])
        untouched += [(one.name, scan) for one in raters if _is_as_given(one, scan, maps[one.name])]
        for a, b in found:
            found[a, b].append(_compare(scan, maps[a], maps[b], brain, min_lesion_ml))
    pairs = tuple(_pair(a, b, rows, dice_within, limits_within) for (a, b), rows in found.items())
    table = np.array(volumes, np.float64)
    icc = icc_agreement(table) if len(scans) > 1 else None
    return RatersComparison(raters, pairs, icc, left_out, graded, tuple(untouched))


def voxel_kappa(a: Mask, b: Mask, brain: Mask) -> Kappa:
    """Cohen's kappa of two masks over the voxels of the brain.

    Neighbouring voxels are not independent: the value is a description, and its interval means nothing.
    """
    x, y = a[brain], b[brain]
    both = int(np.count_nonzero(x & y))
    only_a, only_b = int(np.count_nonzero(x)) - both, int(np.count_nonzero(y)) - both
    return kappa_of_table([[x.size - both - only_a - only_b, only_b], [only_a, both]])


def sample_size(
    dice: NDArray[np.float64], volumes: VolumeAgreement, *, dice_within: float, limits_within: float
) -> SampleSize:
    """How closely these scans estimate mean Dice and the limits of agreement, and how many scans would do."""
    n, sd = len(dice), float(dice.std(ddof=1))
    varies, differences_vary = has_spread(sd), has_spread(volumes.sd)
    return SampleSize(
        n=n,
        dice_mean=float(dice.mean()),
        dice_sd=sd,
        dice_half_width=mean_half_width(n, sd) if varies else None,
        dice_within=dice_within,
        dice_needed=n_for_mean(sd, dice_within) if varies else None,
        limits_half_width_ml=limit_half_width(n, volumes.sd) if differences_vary else None,
        limits_within=limits_within,
        limits_needed=n_for_limits(1.0, limits_within) if differences_vary else None,
    )


def write_comparison(folder: Path, result: RatersComparison) -> tuple[Path, ...]:
    """Write `agreement.json` and, of the maps, `agreement.tsv`; the paths."""
    told = folder / "agreement.json"
    write_json(told, result.summary())
    if not result.pairs:
        return (told,)
    table = folder / "agreement.tsv"
    write_tsv(table, PAIR_COLUMNS, (_row(pair, scan) for pair in result.pairs for scan in pair.scans))
    return told, table


def _row(pair: PairAgreement, scan: ScanAgreement) -> dict[str, Number]:
    told = {name: getattr(scan.agreement, name, None) for name in PAIR_COLUMNS}
    return {**told, "scan": scan.scan, "a": pair.a, "b": pair.b, "kappa": scan.kappa, "unsure_ml": scan.unsure_ml}


def _named(maps: Sequence[LesionMaps], folders: Sequence[Path]) -> tuple[LesionMaps, ...]:
    """The raters under names that differ: by their paths where two are called alike."""
    names = [one.name for one in maps]
    named = [
        replace(one, name=str(folder)) if names.count(one.name) > 1 else one
        for one, folder in zip(maps, folders, strict=True)
    ]
    if len({one.name for one in named}) != len(named):
        raise UsageError("One folder was given twice; the maps of different raters are compared.\n    Leave one out.")
    return tuple(named)


def _common(raters: Sequence[LesionMaps]) -> tuple[list[str], tuple[str, ...]]:
    """The scans that every rater has, and those that not every one has."""
    if not raters:
        return [], ()
    everybody = set.intersection(*(set(one.scans) for one in raters))
    anybody = set.union(*(set(one.scans) for one in raters))
    if not everybody:
        examples = "; ".join(f"{one.name}: {', '.join(sorted(one.scans)[:3])}" for one in raters)
        raise UsageError(f"No scan is in all folders ({examples}).\n    Blinded names need the key: --key KEY.tsv.")
    for a, b in combinations(raters, 2):
        _check_alike(a, b, everybody)
    return sorted(everybody), tuple(sorted(anybody - everybody))


def _check_alike(a: LesionMaps, b: LesionMaps, scans: Iterable[str]) -> None:
    """Raise UsageError where a name means one scan in one folder and another in the other, by what was exported."""
    times = Counter(a.began_with.values())
    # empty masks are alike, and tell nothing
    whose = {told: scan for scan, told in a.began_with.items() if times[told] == 1}
    for scan in sorted(set(scans) & set(a.began_with) & set(b.began_with)):
        other = whose.get(b.began_with[scan], scan)
        if other != scan:
            raise UsageError(
                f"{scan} of {b.name} is what {a.name} calls {other}: the folders come from two exports, or a key is of "
                "another one.\n    Read each back with its own key first: neurolupus raters read."
            )


def _read_scan(raters: Sequence[LesionMaps], scan: str) -> tuple[dict[str, LesionMap], Mask | None]:
    maps: dict[str, LesionMap] = {}
    first: Volume | None = None
    for one in raters:
        maps[one.name] = read_lesion_map(one.scans[scan], None)
        grid = maps[one.name].grid
        first = first or grid
        _check_grid(first, grid, (raters[0].name, one.name), scan)
    brains = [path for one in raters if (path := one.scans[scan].brain) is not None]
    if not brains or first is None:
        return maps, None
    brain = read_volume(brains[0])
    _check_grid(first, brain, (raters[0].name, brains[0].name), scan)
    return maps, np.asarray(brain.data > 0)


def _is_as_given(rater: LesionMaps, scan: str, one: LesionMap) -> bool:
    given = rater.given.get(scan)
    return given is not None and labels_sha256(one.grid.data.astype(np.int32)) == given


def _check_grid(a: Volume, b: Volume, names: tuple[str, str], scan: str) -> None:
    """As `check_same_grid`, with room for what other programs round in a header."""
    if not is_same_grid(a, b, SAME_GRID_MM):
        check_same_grid(a, b, names, scan)


def _compare(scan: str, a: LesionMap, b: LesionMap, brain: Mask | None, min_lesion_ml: float) -> ScanAgreement:
    """Two maps of one scan, without the voxels that either rater could not decide."""
    unsure = a.unsure | b.unsure
    first, second = a.wmh & ~unsure, b.wmh & ~unsure
    agreement = segmentation_agreement(first, second, a.grid.affine, min_lesion_ml=min_lesion_ml)
    kappa = voxel_kappa(first, second, brain & ~unsure).value if brain is not None and brain.any() else None
    return ScanAgreement(scan, agreement, kappa, mask_volume_ml(unsure, a.grid.affine))


def _pair(a: str, b: str, rows: Sequence[ScanAgreement], dice_within: float, limits_within: float) -> PairAgreement:
    if len(rows) < 2:
        return PairAgreement(a, b, tuple(rows), None, None)
    volumes = volume_agreement(
        np.array([row.agreement.volume_a_ml for row in rows]), np.array([row.agreement.volume_b_ml for row in rows])
    )
    dice = np.array([row.agreement.dice for row in rows])
    size = sample_size(dice, volumes, dice_within=dice_within, limits_within=limits_within)
    return PairAgreement(a, b, tuple(rows), volumes, size)
