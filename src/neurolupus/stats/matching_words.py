"""A matching in words: how it was made, who was matched, what to beware of."""

from __future__ import annotations

import numpy as np

from neurolupus.stats.estimate import Notes
from neurolupus.stats.matching_engine import Arms, Order
from neurolupus.stats.matching_input import CaliperUnit, Ties


def method_words(ratio: int, replace: bool, order: Order, ties: Ties) -> str:
    """How the sets were made."""
    turns = {
        "largest": "largest distance first", "smallest": "smallest distance first", "closest": "closest pair first",
        "random": "in random order", "data": "in the order of the table",
    }[order]  # fmt: skip
    how = "with replacement" if replace else f"without replacement, {turns}"
    among = "at random" if ties == "random" else "to the first in the table"
    return f"greedy nearest neighbour 1:{ratio} {how}, ties {among}"


def _arm_names(reverse: bool) -> tuple[str, str]:
    return ("unexposed", "exposed patient") if reverse else ("exposed", "control")


def within_words(caliper: float | None, unit: CaliperUnit, width: float | None, exact: bool) -> str:
    """What pairs had to share, for the sentence on who was matched."""
    words = " with equal exact variables" if exact else ""
    if caliper is None or width is None:
        return words
    scale = {"sd_all": " SD", "sd_pooled": " pooled SD", "absolute": ""}[unit]
    return f"{words} within caliper {caliper:g}{scale}" + (f" ({width:.3g})" if unit != "absolute" else "")


def matched_words(arms: Arms, matched: int, within: str, ratio: int, reverse: bool, replace: bool) -> str:
    """How many were matched, and why others were not."""
    focal, partner = _arm_names(reverse)
    everybody = len(arms.focal)
    sets = f"{matched} {'pair' if ratio == 1 else 'set'}{'' if matched == 1 else 's'}"
    if matched == everybody:
        return f"All {everybody} {focal} patients have {'an' if reverse else 'a'} {partner}{within}; {sets}."
    verb = "has" if everybody - matched == 1 else "have"
    return (
        f"{everybody - matched} of {everybody} {focal} patients {verb} no{'' if replace else ' free'} {partner}"
        f"{within}; {sets} {'remains' if matched == 1 else 'remain'}."
    )


def matching_notes(
    arms: Arms, told: str, matched: int, used: int, pairs: int, ratio: int, replace: bool, reverse: bool
) -> Notes:
    """What a reader of the matched cohort must know."""
    focal, partner = _arm_names(reverse)
    notes = [told] if matched < len(arms.focal) else []
    if not replace and len(arms.pool) < len(arms.focal):
        notes.append(
            f"There are fewer {partner}s ({len(arms.pool)}) than {focal} patients ({len(arms.focal)}), so that not all "
            "can be matched without replacement; weighting keeps them all."
        )
    alone = int(np.count_nonzero(~np.isin(arms.stratum[arms.focal], arms.stratum[arms.pool])))
    if alone:
        notes.append(f"{alone} {focal} patients have no {partner} at all with equal exact variables.")
    if ratio > 1 and pairs < matched * ratio:
        notes.append(
            f"{matched * ratio - pairs} of {matched * ratio} places for {partner}s stay empty; use the weights."
        )
    if replace and used < pairs:
        notes.append(
            f"{used} {partner}s serve in {pairs} pairs; use the weights, and errors that know of repeated use."
        )
    return tuple(notes)
