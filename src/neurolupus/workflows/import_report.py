"""What an import found and did, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurolupus.dicom.series.choose import Verdict
from neurolupus.dicom.series.import_map import ImportMap
from neurolupus.workflows.import_rows import ImportedSeries

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was found and what became of it."""

    bids: Path
    key: Path
    series: tuple[ImportedSeries, ...]
    n_files: int
    n_other: int
    n_links: int
    n_copies: int
    unreadable: tuple[tuple[str, str], ...] = ()
    n_unreadable: int = 0
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, state: str) -> int:
        """How many series have a state."""
        return sum(one.state == state for one in self.series)

    @property
    def has_failed(self) -> bool:
        """Whether a series that was wanted failed, or there was none to want."""
        return self.count("failed") > 0 or not any(one.state in ("taken", "already there") for one in self.series)

    def summary(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        states = ("taken", "already there", "passed over", "failed")
        return {
            "bids": str(self.bids),
            "key": str(self.key),
            "dry_run": self.dry_run,
            "files": {
                "seen": self.n_files,
                "not_dicom": self.n_other,
                "links_not_followed": self.n_links,
                "copies": self.n_copies,
                "unreadable": self.n_unreadable,
            },
            "unreadable": [{"file": name, "why": why} for name, why in self.unreadable],
            "counts": {state.replace(" ", "_"): self.count(state) for state in states},
            "notes": list(self.notes),
            "series": [one.summary() for one in self.series],
        }


def incomplete_sessions(rows: Sequence[ImportedSeries]) -> Iterator[str]:
    """Sessions that have a T1w or a FLAIR and not the other: measure needs both."""
    there: dict[str, set[str | None]] = {}
    for row in rows:
        if row.state in ("taken", "already there") and row.participant_id:
            there.setdefault(f"sub-{row.participant_id}_ses-{row.session_id}", set()).add(row.suffix)
    for suffix in ("T1w", "FLAIR"):
        lacking = sorted(name for name, kinds in there.items() if suffix not in kinds)
        if lacking:
            more = f" and {len(lacking) - MOST_TOLD} more" if len(lacking) > MOST_TOLD else ""
            yield f"{len(lacking)} sessions have no {suffix}: {', '.join(lacking[:MOST_TOLD])}{more}."


def map_notes(verdicts: Sequence[Sequence[Verdict]], rules: ImportMap) -> Iterator[str]:
    """What the user should know beside the series."""
    everything = [one.series for study in verdicts for one in study]
    if any(not one.identity.patient_id.strip() for one in everything):
        yield "Some studies have no PatientID: each of them is taken for a person of its own."
    for rule in rules.series:
        if not any(rule.fits(one) for one in everything):
            yield f"Map, line {rule.line}: the rule fits no series here."
    absent = {
        "subjects": set(rules.subjects) - {one.identity.patient_id for one in everything},
        "sessions": set(rules.sessions) - {one.identity.study_uid for one in everything},
    }
    for name, wanted in absent.items():
        if wanted:  # not which: the map's keys are identities, and this text is kept by programs
            yield f"Map: {len(wanted)} of {len(getattr(rules, name))} {name} are not here; check how they are written."
