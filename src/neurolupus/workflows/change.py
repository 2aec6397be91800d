"""neurolupus change: what became of each person's brain from one measured session to the next."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from neurolupus.errors import ImageContentError, ImageError, UsageError
from neurolupus.imaging.change import compare_sessions
from neurolupus.io.changes import TABLE, remove_former, write_change, write_change_table
from neurolupus.io.cohort import check_one_version
from neurolupus.io.tables import read_tsv
from neurolupus.records.change import Change
from neurolupus.report.change import ChangeCase, change_case
from neurolupus.report.html import write_change_page
from neurolupus.workflows.finished import FinishedScan, finished_scans, input_hashes_of, read_finished_scan
from neurolupus.workflows.observer import Observer, Silent

PAGE = "changes.html"


def compare_all(
    out: Path,
    participants: Sequence[str] = (),
    *,
    order: Sequence[str] = (),
    overwrite: bool = False,
    observer: Observer | None = None,
) -> tuple[Change, ...]:
    """Compare each session with the next, of every participant with two or more; the changes, in order.

    Parameters
    ----------
    out : Path
        A finished output of `measure`; tables, images and the page are written into it.
    participants : sequence of str
        Labels without sub-; all when empty.
    order : sequence of str
        Labels of sessions without ses-, earliest first; when empty sessions are taken in the order of their labels,
        numbers in them as numbers.
    overwrite : bool
        Replace an earlier table.

    Raises
    ------
    UsageError
        Nobody has two sessions with a FLAIR, a participant is not there, a session is missing in `order`, or the table
        exists, or tells of participants that were not asked for.
    TableError
        The sessions were measured by different versions.
    ImageContentError
        Some pairs could not be compared; the others are written.

    Notes
    -----
    Images of each pair are written as soon as it is compared, the
    table and the page at the end.
    """
    observer = observer or Silent()
    twice = sorted({label for label in order if order.count(label) > 1})
    if twice:
        raise UsageError(f"--session-order names {', '.join(twice)} twice.\n    Name every session once.")
    pairs = session_pairs(finished_scans(out), participants, order)
    if not pairs:
        raise UsageError(
            f"{out} holds no participant with two finished sessions with a FLAIR"
            f"{' among ' + ', '.join(participants) if participants else ''}; a change needs two.\n"
            "    Measure both sessions into one output: neurolupus measure BIDS_DIR OUT_DIR"
        )
    if (out / TABLE).exists() and not overwrite:
        raise UsageError(f"{out / TABLE} exists.\n    Replace it with --overwrite.")
    _check_others_kept(out, {scan.scan_id.participant_id for pair in pairs for scan in pair})
    check_one_version([scan.row["version"] for pair in pairs for scan in pair], str(out))
    failed: list[str] = []
    changes: list[Change] = []
    cases: list[ChangeCase] = []
    written: set[Path] = set()
    for before, after in pairs:
        observer.say(f"{before.scan_id.stem} to {after.scan_id.stem} ...")
        try:
            _check_two_scans(out, before, after)
            change = compare_sessions(
                read_finished_scan(out, before.scan_id),
                read_finished_scan(out, after.scan_id),
                version=str(before.row["version"]),
            )
        except ImageError as error:  # one pair does not take the others with it
            failed.append(f"{before.scan_id.stem} to {after.scan_id.stem}: {error}")
            observer.say(failed[-1])
            continue
        written.update(write_change(out, change))
        cases.append(change_case(change))
        changes.append(without_images(change))
    if changes:
        write_change_page(out / PAGE, cases)
        write_change_table(out, changes)
        removed = remove_former(out, {change.before.participant_id for change in changes}, written)
        if removed:
            observer.say(f"{removed} files of pairs that are no longer compared were removed.")
    if failed:
        kept = f"the other {len(changes)} stand in {out / TABLE}" if changes else "nothing was written"
        told = f"{len(failed)} of {len(pairs)} pairs could not be compared; {kept}."
        raise ImageContentError(f"{told}\n{_indented(failed)}")
    return tuple(changes)


def _check_others_kept(out: Path, people: set[str]) -> None:
    """Raise UsageError where the table tells of participants that it would lose."""
    if not (out / TABLE).exists():
        return
    told = {row["participant_id"].removeprefix("sub-") for row in read_tsv(out / TABLE, needed=("participant_id",))}
    lost = sorted(told - people)
    if lost:
        raise UsageError(
            f"{out / TABLE} tells of {len(lost)} participant(s) who would be lost: {', '.join(lost[:5])}"
            f"{' and more' * (len(lost) > 5)}.\n    Compare all of them again, without --participant-label, or move "
            "the table away."
        )


def _check_two_scans(out: Path, before: FinishedScan, after: FinishedScan) -> None:
    """Raise ImageContentError where two sessions were measured from the same files: a copy has not changed."""
    hashes = [input_hashes_of(out, scan.scan_id) for scan in (before, after)]
    if hashes[0] and hashes[0] == hashes[1]:
        raise ImageContentError(
            "both sessions were measured from the same files; two scans are needed.\n"
            "    Look which session was copied, and measure the right images."
        )


def _indented(told: Sequence[str]) -> str:
    return "\n".join(f"    {line.strip()}" for one in told for line in one.splitlines())


def session_pairs(
    scans: Sequence[FinishedScan], participants: Sequence[str] = (), order: Sequence[str] = ()
) -> tuple[tuple[FinishedScan, FinishedScan], ...]:
    """Each session of a person with the next one; scans without FLAIR or session are left out.

    Where a session between is unusable, the usable ones on either side of it are compared as well.
    """

    def place(scan: FinishedScan) -> tuple[tuple[int, str], ...]:
        if not order:
            return _place(scan)
        if scan.scan_id.session_id not in order:
            raise UsageError(
                f"{scan.scan_id.stem}: its session is not among {', '.join(order)}.\n"
                "    Name every session in --session-order, the earliest first, or leave the option out."
            )
        return ((order.index(str(scan.scan_id.session_id)), ""),)

    able = [scan for scan in scans if scan.row.get("wmh_ml") is not None and scan.scan_id.session_id]
    people = sorted({scan.scan_id.participant_id for scan in able})
    absent = sorted(set(order) - {str(scan.scan_id.session_id) for scan in scans})
    if absent:
        raise UsageError(
            f"--session-order names {', '.join(absent)}, which no finished scan has.\n    Correct the labels."
        )
    unknown = sorted(set(participants) - {scan.scan_id.participant_id for scan in scans})
    if unknown:
        raise UsageError(
            f"Participants {', '.join(unknown)} have no finished scan; finished are {', '.join(people) or 'none'}.\n"
            "    Measure them first, or correct --participant-label."
        )
    found = []
    for person in people:
        if participants and person not in participants:
            continue
        own = sorted((s for s in able if s.scan_id.participant_id == person), key=place)
        usable = [place for place, scan in enumerate(own) if scan.row.get("usable") is not False]
        neighbours = {*pairwise(range(len(own))), *pairwise(usable)}
        found += [(own[first], own[second]) for first, second in sorted(neighbours)]
    return tuple(found)


def _place(scan: FinishedScan) -> tuple[tuple[int, str], ...]:
    """Where a session stands among others: numbers in its label count as numbers, so that 10 follows 9."""
    parts = re.split(r"(\d+)", str(scan.scan_id.session_id))
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def without_images(change: Change) -> Change:
    """The numbers alone: a cohort's images would not fit into memory."""
    empty = change.fates[:0]
    return replace(
        change, flair_before=change.flair_before[:0], flair_after=change.flair_after[:0], fates=empty, labels=empty
    )
