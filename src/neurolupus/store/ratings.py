"""Ratings: what each rater says of each map of a scan, hidden from others until they have given their own."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.scans import scan_of
from neurolupus.store.schema import audit, ratings, scans
from neurolupus.store.settings_rows import get_setting
from neurolupus.store.trail import Writer, now

MAPS = ("T1w", "FLAIR", "GM", "WM", "WMH", "CSF")
VERDICTS = ("accept", "exclude")
REASONS = (
    "motion", "artefact", "contrast or noise", "registration failed", "segmentation failed", "incomplete coverage",
    "tumour, cyst or large infarct", "other",
)  # fmt: skip
NOTE_LETTERS = 2000
RATERS = 2  # of every map, as in the MRI paper
SEAL_RATINGS = "seal_ratings"  # the setting: those who do not rate see a map's ratings once all raters gave theirs
TAKEN_OUT = "ratings.exported"  # in the trail, of the table of all ratings: its subject is `ratings`


@dataclass(frozen=True, slots=True)
class Rating:
    """What a rater says of one map of a scan.

    Attributes
    ----------
    map : str
        One of MAPS.
    verdict : str
        One of VERDICTS.
    reason : str or None
        One of REASONS; always there for an exclusion.
    blinded : bool
        Whether identity and group were hidden from the rater.
    version : int
        1 the first time, one more at each change.
    """

    scan_id: str
    map: str
    rater: str
    verdict: str
    reason: str | None
    note: str
    blinded: bool
    at: datetime
    version: int


def rate(
    writer: Writer,
    scan: str,
    name: str,
    verdict: str,
    *,
    reason: str | None = None,
    note: str = "",
    blinded: bool = False,
    version: int = 0,
) -> int:
    """Keep the writer's own rating of a map; returns its new version.

    Parameters
    ----------
    version : int
        Of the rating as the rater last saw it; 0 where there was none.

    Raises
    ------
    Conflict
        The rating was changed meanwhile, in another window.
    StoreError
        Map, verdict or reason are none of those known, the note is too long, or the writer has taken out the table in
        which others' ratings of this map stand.
    """
    found = scan_of(writer.connection, scan)
    _check(name, verdict, reason, note)
    here = (ratings.c.scan_id == scan) & (ratings.c.map == name) & (ratings.c.rater == writer.who)
    before = writer.connection.execute(select(ratings).where(here)).first()
    if (before.version if before else 0) != version:
        raise Conflict(
            f"Your rating of this {name} was changed meanwhile, perhaps in another window; nothing was overwritten.\n"
            "    Load the page again, and rate again."
        )
    values = {
        "verdict": verdict, "reason": reason if verdict == "exclude" else None, "note": note, "blinded": blinded,
        "at": now(), "version": version + 1,
    }  # fmt: skip
    if before is None:
        _check_unseen(writer, scan, name)
        row = {"id": str(uuid.uuid4()), "scan_id": scan, "map": name, "rater": writer.who}
        writer.connection.execute(insert(ratings).values(**row, **values))
    else:
        writer.connection.execute(update(ratings).where(here).values(**values))
    told = {"map": name, "verdict": verdict, "reason": values["reason"], "blinded": blinded}
    earlier = {"map": name, "verdict": before.verdict, "reason": before.reason} if before else None
    writer.note("scan.rated", scan, before=earlier, after=told, patient=found.patient_id)
    return version + 1


def ratings_of(connection: Connection, scan_ids: Sequence[str] | None = None) -> list[Rating]:
    """Every rating, of some scans or of all; see `visible` for whom."""
    names = ("scan_id", "map", "rater", "verdict", "reason", "note", "blinded", "at", "version")
    query = select(*(ratings.c[name] for name in names)).order_by(ratings.c.scan_id, ratings.c.map, ratings.c.rater)
    if scan_ids is not None:
        query = query.where(ratings.c.scan_id.in_(scan_ids))
    return [Rating(*row) for row in connection.execute(query)]


def visible(found: Sequence[Rating], who: str, *, rates: bool, wanted: int = 1) -> list[Rating]:
    """Those that somebody may see, so that no rater learns of another's verdict before the own is given.

    Parameters
    ----------
    rates : bool
        Whether this user rates: then the own, and others' of the maps that were rated by both. Who does not sees the
        ratings of maps that enough raters have rated.
    wanted : int
        How many are enough, see `raters_wanted`.

    Examples
    --------
    >>> visible([], "anna", rates=True)
    []
    """
    own = {(one.scan_id, one.map) for one in found if one.rater == who}
    given = Counter((one.scan_id, one.map) for one in found)
    if rates:
        return [one for one in found if (one.scan_id, one.map) in own]
    return [one for one in found if given[one.scan_id, one.map] >= wanted]


def raters_wanted(connection: Connection) -> int:
    """How many must have rated a map before those who do not rate see what was said of it."""
    return RATERS if get_setting(connection, SEAL_RATINGS, True) else 1


def shown_ratings(
    connection: Connection, who: str, *, rates: bool, scan_ids: Sequence[str] | None = None
) -> list[Rating]:
    """The ratings of some scans or of all that somebody may see."""
    return visible(ratings_of(connection, scan_ids), who, rates=rates, wanted=raters_wanted(connection))


def excluded(found: Sequence[Rating]) -> dict[str, list[str]]:
    """Scans of which a rater excluded a map, and why: scan to `WMH: motion`."""
    told: dict[str, list[str]] = {}
    for one in found:
        if one.verdict == "exclude":
            words = f"{one.map}: {one.reason}"
            if words not in told.setdefault(one.scan_id, []):
                told[one.scan_id].append(words)
    return told


def raters_of(connection: Connection) -> list[str]:
    """Who has rated anything."""
    return sorted(connection.scalars(select(ratings.c.rater).distinct()))


def rated_scans(connection: Connection) -> dict[str, tuple[str, str | None]]:
    """Participant and session of every scan that was rated."""
    query = select(scans.c.id, scans.c.participant, scans.c.session)
    rows = connection.execute(query.where(scans.c.id.in_(select(ratings.c.scan_id))))
    return {row.id: (row.participant, row.session) for row in rows}


def _check(name: str, verdict: str, reason: str | None, note: str) -> None:
    if name not in MAPS:
        raise StoreError(f"{name!r} is no map that is rated; choose {', '.join(MAPS)}.")
    if verdict not in VERDICTS:
        raise StoreError(f"{verdict!r} is no verdict; choose {' or '.join(VERDICTS)}.")
    if verdict == "exclude" and reason not in REASONS:
        raise StoreError(f"An exclusion needs a reason, and {reason!r} is none.\n    Choose {', '.join(REASONS)}.")
    if len(note) > NOTE_LETTERS:
        raise StoreError(f"The note has {len(note)} letters; at most {NOTE_LETTERS} are kept.\n    Shorten it.")


def _check_unseen(writer: Writer, scan: str, name: str) -> None:
    """Refuse a first rating of somebody who has the others' in a table: it would not be independent of them."""
    taken = select(audit.c.at).where(audit.c.action == TAKEN_OUT, audit.c.subject == "ratings")
    last = writer.connection.scalar(taken.where(audit.c.who == writer.who[:64]).order_by(audit.c.seq.desc()).limit(1))
    if last is None:
        return
    moment = datetime.fromisoformat(last)
    stood = [one for one in ratings_of(writer.connection, [scan]) if one.map == name and one.at <= moment]
    if len(stood) >= raters_wanted(writer.connection):
        raise StoreError(
            f"You took the ratings out on {moment:%d %B %Y}, those of this {name} among them; a rating given now would "
            "not be independent of them.\n    Let somebody rate it who has not seen them."
        )
