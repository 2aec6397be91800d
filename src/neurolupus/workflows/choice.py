"""The recorded choice of the WMH threshold: who chose it, when, having seen which scans."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurolupus import __version__
from neurolupus.errors import TableError, UsageError
from neurolupus.io.atomic import write_json
from neurolupus.io.dataset import check_output
from neurolupus.io.results import measured_paths
from neurolupus.records.measured import Settings

CHOICE_FILE = "wmh_threshold.json"


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold chosen by eye for a whole study."""

    wmh_threshold: float
    chosen_by: str
    date: str
    cases_shown: tuple[str, ...] = ()
    thresholds_shown: tuple[float, ...] = ()
    version: str = __version__


@dataclass(frozen=True, slots=True)
class ChosenSettings:
    """Settings, and what to tell of where the threshold came from; empty when there is nothing to tell."""

    settings: Settings
    told: str = ""


def settings_for(out: Path, wmh_threshold: float | None, *, skull_stripped: bool | None = None) -> ChosenSettings:
    """The settings for an output folder: the threshold asked for, else the one recorded there, else the paper's.

    Raises
    ------
    UsageError
        The threshold asked for does not lie between 0 and 1.
    TableError
        The recorded choice cannot be read.
    """
    settings = Settings(skull_stripped=skull_stripped)
    recorded = read_choice(out / CHOICE_FILE)
    if wmh_threshold is not None:
        check_threshold(wmh_threshold)
        told = ""
        if recorded and recorded.wmh_threshold != wmh_threshold:
            told = f"WMH threshold {wmh_threshold:g} as asked, not {_told(recorded)}."
        return ChosenSettings(replace(settings, wmh_threshold=wmh_threshold), told)
    if recorded is None:
        return ChosenSettings(settings)
    return ChosenSettings(
        replace(settings, wmh_threshold=recorded.wmh_threshold), f"WMH threshold {_told(recorded)} ({CHOICE_FILE})."
    )


def _told(choice: ThresholdChoice) -> str:
    return f"{choice.wmh_threshold:g}, chosen by {choice.chosen_by} on {choice.date}"


def check_threshold(threshold: float) -> None:
    """Raise UsageError unless the threshold lies between 0 and 1."""
    if not 0.0 < threshold < 1.0:
        raise UsageError(
            f"WMH threshold {threshold:g} does not lie between 0 and 1.\n    The paper tried 0.1 to 0.5 and chose 0.2."
        )


def read_choice(path: Path) -> ThresholdChoice | None:
    """The choice in a file that the threshold page or `record_choice` made; None when there is no file.

    Raises
    ------
    TableError
        The file is no such record.
    """
    if not path.is_file():
        return None
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
        choice = ThresholdChoice(
            float(told["wmh_threshold"]),
            str(told.get("chosen_by") or "someone unnamed"),
            str(told.get("date") or "an unknown day"),
            tuple(str(case) for case in told.get("cases_shown", ())),
            tuple(float(threshold) for threshold in told.get("thresholds_shown", ())),
            str(told.get("version", __version__)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(
            f"{path} is no record of a WMH threshold ({type(error).__name__}: {error}).\n"
            "    Save the choice again from the threshold page, or remove the file."
        ) from error
    check_threshold(choice.wmh_threshold)
    return choice


def record_choice(out: Path, choice: ThresholdChoice, *, overwrite: bool = False) -> Path:
    """Write the choice into an output folder, where `measure` finds it.

    Raises
    ------
    UsageError
        `out` is no folder or lacks scans that the choice was made on, or another choice, or the same by somebody else,
        is recorded there and may not be replaced.
    """
    check_threshold(choice.wmh_threshold)
    check_output(out)
    measured = {path.name.removesuffix("_volumes.json") for path in measured_paths(out)}
    strangers = sorted(set(choice.cases_shown) - measured)
    if strangers:
        raise UsageError(
            f"The choice was made on {', '.join(strangers[:5])}{' and more' * (len(strangers) > 5)}, which {out} does "
            "not hold.\n    Record it where those were measured; for a new set of scans make a new page."
        )
    path = out / CHOICE_FILE
    before = read_choice(path)
    if before and before != choice and not overwrite:
        raise UsageError(
            f"{path} records {_told(before)}; it would become {_told(choice)}.\n"
            "    Add --overwrite if the study has changed its mind."
        )
    write_json(path, asdict(choice))
    return path


def choice_now(threshold: float, chosen_by: str, cases_shown: tuple[str, ...] = ()) -> ThresholdChoice:
    """A choice made today."""
    return ThresholdChoice(threshold, chosen_by, datetime.now(UTC).date().isoformat(), cases_shown)
