"""How well raters agree, map by map and overall, from the ratings kept; and the ratings as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from neurolupus.errors import StoreError
from neurolupus.io.delimited import table_text
from neurolupus.io.rater_folder import RATING_COLUMNS
from neurolupus.records.measurement import Number
from neurolupus.stats.kappa import Kappa, cohen_kappa
from neurolupus.store.ratings import (
    MAPS,
    TAKEN_OUT,
    VERDICTS,
    Rating,
    rated_scans,
    raters_of,
    raters_wanted,
    ratings_of,
    visible,
)
from neurolupus.store.trail import Writer

OVERALL = "all maps"
COLUMNS = (*RATING_COLUMNS, "reason", "note", "blinded", "at")


@dataclass(frozen=True, slots=True)
class MapAgreement:
    """Two raters on one map, or on all of them."""

    map: str
    raters: tuple[str, str]
    kappa: Kappa


def agreement_of(ratings: Sequence[Rating]) -> tuple[MapAgreement, ...]:
    """Cohen's kappa of every two raters for each map that both rated, then for all maps together.

    All maps together treat every map of a scan as a subject of its own; maps of one scan are not independent, so its
    interval is too narrow.
    """
    given = {(one.scan_id, one.map, one.rater): one.verdict for one in ratings}
    found = []
    for pair in combinations(sorted({one.rater for one in ratings}), 2):
        places = sorted({(scan, name) for scan, name, _ in given})
        both = [place for place in places if all((*place, rater) in given for rater in pair)]
        for name in (*MAPS, OVERALL):
            used = [place for place in both if name in (place[1], OVERALL)]
            if used:
                first, second = ([given[(*place, rater)] for place in used] for rater in pair)
                found.append(MapAgreement(name, pair, cohen_kappa(first, second, categories=VERDICTS)))
    return tuple(found)


def export_ratings(writer: Writer) -> str:
    """Ratings as a tab-separated table that `neurolupus raters agree --ratings` reads; the export is noted.

    Of those who rate, the own and others' of the same maps; for those who do not, what enough raters have rated.
    Whoever takes it out gives no first rating of these maps any more, see `rate`.

    Raises
    ------
    StoreError
        The writer rates, and has yet to rate maps that others have rated; or every rating waits for a second rater.
    """
    found, rates = ratings_of(writer.connection), writer.who in raters_of(writer.connection)
    taken = visible(found, writer.who, rates=rates, wanted=raters_wanted(writer.connection))
    withheld = len(found) - len(taken)
    if withheld and rates:
        raise StoreError(
            f"You have yet to rate maps of which others gave {withheld} ratings; the table would show them.\n"
            "    Give your own first, or let somebody who does not rate take it out."
        )
    if withheld and not taken:
        raise StoreError(
            f"None of the {withheld} ratings can be taken out yet: each waits for another rater's of the same map.\n"
            "    Come back when two raters are done; an administrator can switch this off in the settings."
        )
    scans = rated_scans(writer.connection)
    rows = [_row(one, *scans[one.scan_id]) for one in taken]
    writer.note(TAKEN_OUT, "ratings", after={"count": len(rows), "withheld": withheld})
    return table_text(COLUMNS, rows)


def _row(one: Rating, participant: str, session: str | None) -> dict[str, Number]:
    return {
        "participant_id": f"sub-{participant}", "session_id": f"ses-{session}" if session else None,
        "rater": one.rater, "map": one.map, "rating": one.verdict, "reason": one.reason, "note": one.note or None,
        "blinded": one.blinded, "at": one.at.isoformat(timespec="seconds"),
    }  # fmt: skip
