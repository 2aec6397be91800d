"""Scans that are looked at before they are measured: those that raters let pass go on, the others never do."""

from __future__ import annotations

from dataclasses import dataclass

from neurolupus.io.delimited import table_text
from neurolupus.records.measurement import Number
from neurolupus.store.engine import Store
from neurolupus.store.ratings import TAKEN_OUT, Rating, excluded, raters_of, raters_wanted, ratings_of, visible
from neurolupus.store.scans import Scan, list_scans, set_status
from neurolupus.store.trail import Writer
from neurolupus.workflows.clinic.map_pictures import maps_of

EXCLUSION_COLUMNS = ("participant_id", "session_id", "reason")


@dataclass(frozen=True, slots=True)
class Released:
    """What became of the scans that were held: ids.

    Attributes
    ----------
    queued : tuple of str
        To be measured now.
    excluded : tuple of str
        A rater excluded a map of them; they stay where they are.
    waiting : tuple of str
        Not every image has been rated by enough raters.
    """

    queued: tuple[str, ...]
    excluded: tuple[str, ...]
    waiting: tuple[str, ...]


def release_held(store: Store, who: str) -> Released:
    """Queue every held scan whose images enough raters have rated and nobody excluded."""
    found: dict[str, list[str]] = {"queued": [], "excluded": [], "waiting": []}
    with store.write(who) as writer:
        wanted = raters_wanted(writer.connection)
        for scan in list_scans(writer.connection, statuses=("held",)):
            given = ratings_of(writer.connection, [scan.id])
            state = _state(given, maps_of(store, scan), wanted)
            if state == "queued" and not set_status(writer, scan.id, "queued", begins=("held",)):
                continue  # somebody else released it meanwhile
            found[state].append(scan.id)
    return Released(**{state: tuple(ids) for state, ids in found.items()})


def _state(given: list[Rating], maps: tuple[str, ...], wanted: int) -> str:
    raters = {name: {one.rater for one in given if one.map == name} for name in maps}
    if any(len(several) < wanted for several in raters.values()):
        return "waiting"  # an exclusion too: whoever has yet to rate must not learn of it
    return "excluded" if excluded(given) else "queued"


def export_exclusions(writer: Writer) -> str:
    """The scans that raters excluded, as a table that `neurolupus measure --exclusions` reads; the export is noted.

    Of those who rate, exclusions of the maps they have rated; for those who do not, of what enough raters have rated.
    Whoever takes it out gives no first rating of these maps any more, see `store.ratings.rate`.
    """
    found, rates = ratings_of(writer.connection), writer.who in raters_of(writer.connection)
    reasons = excluded(visible(found, writer.who, rates=rates, wanted=raters_wanted(writer.connection)))
    rows = [_row(scan, reasons[scan.id]) for scan in list_scans(writer.connection) if scan.id in reasons]
    writer.note(TAKEN_OUT, "ratings", after={"exclusions": len(rows)})
    return table_text(EXCLUSION_COLUMNS, rows)


def _row(scan: Scan, reasons: list[str]) -> dict[str, Number]:
    session = f"ses-{scan.session}" if scan.session else None
    return {"participant_id": f"sub-{scan.participant}", "session_id": session, "reason": "; ".join(reasons)}
