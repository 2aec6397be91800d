"""The page of a comparison of raters, from its numbers and the images of its scans."""

from pathlib import Path

import numpy as np

from neurolupus.io.nifti import read_volume
from neurolupus.records.volume import is_same_grid
from neurolupus.report.raters_page import (
    COLOURS,
    KappaLine,
    PairPart,
    RaterPicture,
    RatersPage,
    ScanLine,
    bland_altman,
    raters_picture,
    write_raters,
)
from neurolupus.stats.kappa import Kappa
from neurolupus.workflows.raters_agree import PairAgreement, RatersComparison
from neurolupus.workflows.raters_ratings import RatingAgreement
from neurolupus.workflows.raters_sources import read_lesion_map

MOST_PICTURES = 24
FEW = 10


def write_raters_page(path: Path, found: RatersComparison, *, min_lesion_ml: float = 0.0) -> None:
    """Write the page of a comparison, with pictures of the scans that have a FLAIR, the worst first."""
    content = RatersPage(
        raters=tuple(one.name for one in found.raters),
        pairs=tuple(_pair(pair) for pair in found.pairs),
        pictures=_pictures(found),
        kappas=tuple(_kappa(one, kappa) for one in found.ratings for kappa in one.kappas),
        icc21=found.icc21,
        left_out=found.left_out,
        untouched=found.untouched,
        min_lesion_ml=min_lesion_ml,
    )
    write_raters(path, content)


def size_sentences(pair: PairAgreement) -> tuple[str, ...]:
    """How sure the agreement of a pair is, and how many scans would make it surer."""
    size = pair.size
    if size is None:
        return ("One scan tells nothing of others: compare two at least, and better some dozens.",)
    caution = (f"{size.n} scans tell little of how much scans vary: look again after ten.",) if size.n < FEW else ()
    dice = (
        f"All {size.n} scans have the same Dice, {size.dice_mean:.3f}: without a spread it is not known how closely "
        "they give the mean, nor how many scans would do."
        if size.dice_half_width is None
        else f"{size.n} scans give the mean Dice ± {size.dice_half_width:.3f}. For ± {size.dice_within:g} take "
        f"{size.dice_needed} scans or more, if they vary as these do."
    )
    limits = (
        "All differences of volume are alike: nothing is known of how closely they give the limits of agreement."
        if size.limits_half_width_ml is None
        else f"{size.n} scans give each limit of agreement ± {size.limits_half_width_ml:.2f} ml. For ± "
        f"{size.limits_within:g} standard deviations of the differences take {size.limits_needed} scans or more."
    )
    return (*caution, dice, limits)


def _pair(pair: PairAgreement) -> PairPart:
    lines = tuple(
        ScanLine(
            one.scan,
            one.agreement.dice,
            one.agreement.lesion_f1,
            one.kappa,
            one.agreement.volume_a_ml,
            one.agreement.volume_b_ml,
            one.unsure_ml,
        )
        for one in pair.scans
    )
    dices = [line.dice for line in lines]
    told = f"{np.mean(dices):.3f}, from {min(dices):.3f} to {max(dices):.3f}"
    plot = None
    if pair.volumes is not None:
        a, b = [line.volume_a_ml for line in lines], [line.volume_b_ml for line in lines]
        plot = bland_altman(a, b, [line.scan for line in lines], pair.volumes)
    return PairPart(pair.a, pair.b, lines, told, pair.volumes, plot, size_sentences(pair))


def _pictures(found: RatersComparison) -> tuple[RaterPicture, ...]:
    worst: dict[str, float] = {}
    for pair in found.pairs:
        for one in pair.scans:
            worst[one.scan] = min(worst.get(one.scan, 1.0), one.agreement.dice)
    made = [_picture(found, scan) for scan in sorted(worst, key=lambda name: (worst[name], name))[:MOST_PICTURES]]
    return tuple(one for one in made if one is not None)


def _picture(found: RatersComparison, scan: str) -> RaterPicture | None:
    files = [one.scans[scan] for one in found.raters]
    flairs = [one for one in files if one.flair is not None and one.flair.is_file()]
    brains = [one.brain for one in files if one.brain is not None]
    if not flairs or not brains or flairs[0].flair is None:
        return None
    flair, brain = read_volume(flairs[0].flair), read_volume(brains[0])
    maps = [read_lesion_map(one, None) for one in files[: len(COLOURS)]]
    if not all(is_same_grid(flair, one, 0.1) for one in (brain, *(m.grid for m in maps))):
        return None
    return raters_picture(scan, flair, brain.data > 0, [one.wmh for one in maps])


def _kappa(one: RatingAgreement, kappa: Kappa) -> KappaLine:
    value = "not defined: one category" if kappa.value is None else f"{kappa.value:.3f}"
    if kappa.ci_low is not None and kappa.ci_high is not None:
        value += f" ({kappa.ci_low:.3f} to {kappa.ci_high:.3f})"
    raters = " and ".join(one.raters) if len(one.raters) == 2 else ", ".join(one.raters)
    return KappaLine(one.map, raters, kappa.method, value, kappa.n, kappa.n_dropped, f"{100 * kappa.observed:.0f} %")
