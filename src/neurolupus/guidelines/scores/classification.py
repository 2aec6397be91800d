"""Classification criteria of SLE, counted: ACR 1997 and SLICC 2012. They define a study's patients, no diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores.range import ScoreRange, refuse_other_items, weighted_sum

ACR_1997 = (
    "malar_rash", "discoid_rash", "photosensitivity", "oral_ulcers", "arthritis", "serositis", "renal_disorder",
    "neurologic_disorder", "haematologic_disorder", "immunologic_disorder", "antinuclear_antibody",
)  # fmt: skip
SLICC_2012_CLINICAL = (
    "acute_cutaneous", "chronic_cutaneous", "oral_or_nasal_ulcers", "non_scarring_alopecia", "synovitis", "serositis",
    "renal", "neurologic", "haemolytic_anaemia", "leukopenia_or_lymphopenia", "thrombocytopenia",
)  # fmt: skip
SLICC_2012_IMMUNOLOGIC = (
    "ana", "anti_dsdna", "anti_sm", "antiphospholipid", "low_complement", "direct_coombs",
)  # fmt: skip
NEEDED = 4  # of either set, over all the time of the disease
_CITES = ("S2-020",)


@dataclass(frozen=True, slots=True)
class Classification:
    """How many criteria a patient fulfils.

    Attributes
    ----------
    criteria : ScoreRange
    is_met : bool or None
        None where the unknown criteria decide it.
    """

    criteria: ScoreRange
    is_met: Truth


def acr1997(items: Mapping[str, bool | None]) -> Classification:
    """Four or more of the eleven criteria, serially or at once.

    Parameters
    ----------
    items : mapping of criterion to bool or None
        By the names of `ACR_1997`; what is left out is unknown.

    Raises
    ------
    KeyError
        A criterion that the set does not have.

    References
    ----------
    .. [1] Hochberg, Arthritis Rheum 1997;40:1725, the rule and the criteria as quoted in
       https://ard.bmj.com/highwire/markup/176202/expansion.

    Examples
    --------
    >>> acr1997({"malar_rash": True, "arthritis": True, "serositis": True}).is_met is None
    True
    """
    count = weighted_sum(dict.fromkeys(ACR_1997, 1), items, _CITES, score="the ACR criteria of 1997")
    return Classification(count, count.reaches(NEEDED))


def slicc2012(items: Mapping[str, bool | None], *, biopsy_proven_nephritis: bool | None) -> Classification:
    """Four or more of the seventeen criteria, one of them clinical and one immunologic; or nephritis with an antibody.

    Parameters
    ----------
    items : mapping of criterion to bool or None
        By the names of `SLICC_2012_CLINICAL` and `SLICC_2012_IMMUNOLOGIC`; what is left out is unknown.
    biopsy_proven_nephritis : bool or None
        Suffices together with ANA or anti-dsDNA.

    Raises
    ------
    KeyError
        A criterion that the set does not have.

    Notes
    -----
    A direct Coombs test counts in the absence of haemolytic anaemia only.

    References
    ----------
    .. [1] Petri et al. 2012, doi:10.1002/art.34473: the rule is in the abstract. The criteria and the Coombs test:
       https://thrombosisjournal.biomedcentral.com/articles/10.1186/s12959-015-0043-3/tables/1. Nephritis by biopsy:
       https://viewer.joomag.com/hhe-rheumatology-2019/0057642001571071409/p4.

    Examples
    --------
    >>> known = dict.fromkeys(SLICC_2012_CLINICAL + SLICC_2012_IMMUNOLOGIC, False)
    >>> four = dict.fromkeys(("synovitis", "serositis", "neurologic", "thrombocytopenia"), True)
    >>> slicc2012(known | four, biopsy_proven_nephritis=False).is_met  # none of them immunologic
    False
    >>> slicc2012(known | {"ana": True}, biopsy_proven_nephritis=True).is_met
    True
    """
    names = SLICC_2012_CLINICAL + SLICC_2012_IMMUNOLOGIC
    refuse_other_items(names, items, score="the SLICC criteria of 2012")
    known = {name: items.get(name) for name in names}
    fewest = list(_extremes(known, biopsy_proven_nephritis, unknown_is=False))
    most = list(_extremes(known, biopsy_proven_nephritis, unknown_is=True))
    missing = tuple(name for name in names if known[name] is None)
    count = ScoreRange(min(one.total for one in fewest), max(one.total for one in most), missing, _CITES)
    is_met = True if all(one.is_met for one in fewest) else None if any(one.is_met for one in most) else False
    return Classification(count, is_met)


@dataclass(frozen=True, slots=True)
class _Complete:
    total: int
    is_met: bool


def _extremes(known: Mapping[str, bool | None], nephritis: bool | None, *, unknown_is: bool) -> Iterator[_Complete]:
    """Count with every unknown set alike, once for each haemolytic anaemia: the only one that can lower the count."""
    anaemia = known["haemolytic_anaemia"]
    for with_anaemia in (False, True) if anaemia is None else (anaemia,):
        complete = {name: unknown_is if value is None else value for name, value in known.items()}
        complete["haemolytic_anaemia"] = with_anaemia
        complete["direct_coombs"] = complete["direct_coombs"] and not with_anaemia
        clinical = sum(complete[name] for name in SLICC_2012_CLINICAL)
        immunologic = sum(complete[name] for name in SLICC_2012_IMMUNOLOGIC)
        by_count = clinical + immunologic >= NEEDED and clinical > 0 and immunologic > 0
        by_nephritis = unknown_is if nephritis is None else nephritis
        total = clinical + immunologic
        yield _Complete(total, by_count or (by_nephritis and (complete["ana"] or complete["anti_dsdna"])))
