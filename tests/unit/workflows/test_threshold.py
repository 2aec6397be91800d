import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurolupus.errors import TableError, UsageError
from neurolupus.records.scan import ScanId
from neurolupus.workflows import threshold
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.choice import (
    CHOICE_FILE,
    ThresholdChoice,
    choice_now,
    read_choice,
    record_choice,
    settings_for,
)
from neurolupus.workflows.finished import FinishedScan
from neurolupus.workflows.measure import MeasureOptions, measure_dataset
from neurolupus.workflows.threshold import draw_scans, make_threshold_page


def scans(*names: str, **row: object) -> list[FinishedScan]:
    split = (name.split("/") for name in names)
    return [FinishedScan(ScanId(p, s), {"wmh_ml": 1.0, "usable": True, **row}, ()) for p, s in split]  # type: ignore[dict-item]


def test_participants_are_drawn_before_a_second_visit_of_anybody() -> None:
    drawn = draw_scans(scans("01/1", "01/2", "01/3", "02/1", "03/1"), 3, seed=0)
    assert {scan.scan_id.participant_id for scan in drawn} == {"01", "02", "03"}
    assert len(draw_scans(scans("01/1", "01/2"), 5, seed=0)) == 2


def test_the_draw_is_random_and_repeatable() -> None:
    many = scans(*(f"{n}/1" for n in range(50)))
    assert draw_scans(many, 5, seed=1) == draw_scans(many, 5, seed=1)
    assert draw_scans(many, 5, seed=1) != draw_scans(many, 5, seed=2)


def test_scans_without_flair_or_with_declared_disease_are_not_drawn() -> None:
    assert draw_scans(scans("01/1", wmh_ml=None) + scans("02/1", usable=False), 5, seed=0) == ()


@pytest.mark.slow
@pytest.mark.usefixtures("fake_measure")
def test_the_page_shows_the_masks_and_the_choice_becomes_the_default(tmp_path: Path, make_dataset) -> None:
    out, page = tmp_path / "out", tmp_path / "page.html"
    measure_dataset(make_dataset(["01", "02", "03"], no_flair=["03"]), out, MeasureOptions(capacity=Capacity(2, 1)))
    names = make_threshold_page(out, page, count=1, seed=3)
    text = page.read_text()
    assert [name for name in ("sub-01", "sub-02") if f'data-case="{name}"' in text] == list(names)
    assert len(names) == 1
    assert settings_for(out, None).settings.wmh_threshold == 0.2
    record_choice(out, choice_now(0.3, "A. Rater", names))
    chosen = settings_for(out, None)
    assert chosen.settings.wmh_threshold == 0.3
    assert "chosen by A. Rater" in chosen.told
    asked = settings_for(out, 0.4)
    assert asked.settings.wmh_threshold == 0.4
    assert "not 0.3, chosen by A. Rater" in asked.told


def test_the_json_of_the_page_is_read(tmp_path: Path) -> None:
    saved = {
        "wmh_threshold": 0.3,
        "chosen_by": None,
        "date": "2025-01-31",
        "cases_shown": ["sub-01"],
        "thresholds_shown": [0.1, 0.2],
    }
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(saved))
    choice = read_choice(path)
    assert choice is not None
    assert (choice.wmh_threshold, choice.date, choice.cases_shown) == (0.3, "2025-01-31", ("sub-01",))
    assert choice.chosen_by == "someone unnamed"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"wmh_threshold": "low"}', '{"wmh_threshold": null}'])
def test_a_damaged_record_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / CHOICE_FILE).write_text(text)
    with pytest.raises(TableError, match="no record of a WMH threshold"):
        settings_for(tmp_path, None)


def test_another_choice_is_not_replaced_unasked(tmp_path: Path) -> None:
    record_choice(tmp_path, ThresholdChoice(0.2, "A", "2025-01-01"))
    record_choice(tmp_path, ThresholdChoice(0.2, "A", "2025-01-01"))  # again
    with pytest.raises(UsageError, match=r"chosen by A on 2025-01-01; it would become 0\.2, chosen by B"):
        record_choice(tmp_path, ThresholdChoice(0.2, "B", "2025-01-02"))
    with pytest.raises(UsageError, match="--overwrite"):
        record_choice(tmp_path, ThresholdChoice(0.3, "B", "2025-01-03"))
    record_choice(tmp_path, ThresholdChoice(0.3, "B", "2025-01-03"), overwrite=True)
    choice = read_choice(tmp_path / CHOICE_FILE)
    assert choice is not None
    assert choice.wmh_threshold == 0.3


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, float("nan")])
def test_a_threshold_lies_between_0_and_1(tmp_path: Path, threshold: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        settings_for(tmp_path, threshold)


def test_a_page_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished scan"):
        make_threshold_page(tmp_path, tmp_path / "page.html")


def test_a_choice_made_on_other_scans_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"made on sub-01, sub-02_ses-1, which(.|\n)*make a new page"):
        record_choice(tmp_path, choice_now(0.3, "A", ("sub-01", "sub-02_ses-1")))
    assert not (tmp_path / CHOICE_FILE).exists()


def test_masks_are_left_out_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # two scans with masks, one with probabilities: only the last changes with the threshold
    maps = {"01": [0.0, 1.0], "02": [0.0, 0.4], "03": [1.0, 1.0]}
    monkeypatch.setattr(threshold, "finished_scans", lambda out: scans("01/1", "02/1", "03/1"))
    monkeypatch.setattr(
        threshold,
        "read_finished_scan",
        lambda out, scan_id: SimpleNamespace(wmh_probability=np.array(maps[scan_id.participant_id])),
    )
    monkeypatch.setattr(threshold, "threshold_case", lambda measured, thresholds: None)
    monkeypatch.setattr(threshold, "write_threshold_page", lambda page, cases, thresholds, current: None)
    assert make_threshold_page(tmp_path, tmp_path / "page.html", count=3) == ("sub-02_ses-1",)
    maps["02"] = [1.0, 0.0]
    with pytest.raises(UsageError, match=r"maps of all 3 scans in .* are masks"):
        make_threshold_page(tmp_path, tmp_path / "page.html", count=1)
