"""Agreement from the ratings kept, by hand, and the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.errors import StoreError
from neurolupus.store.engine import Store, open_store
from neurolupus.store.ratings import rate, ratings_of
from neurolupus.store.scans import add_scan
from neurolupus.store.trail import history
from neurolupus.workflows.clinic.rating_agreement import OVERALL, agreement_of, export_ratings
from neurolupus.workflows.raters_ratings import read_ratings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path / "store", make=True)
    yield made
    made.close()


def give(store: Store, who: str, verdicts: dict[str, str], name: str = "WMH") -> None:
    with store.write(who) as writer:
        for scan, verdict in verdicts.items():
            rate(writer, scan, name, verdict, reason="motion" if verdict == "exclude" else None, note="=1+1")


@pytest.fixture
def four(store: Store) -> list[str]:
    with store.write("anna") as writer:
        return [add_scan(writer, f"0{n}", "a", status="measured") for n in range(4)]


def test_kappa_is_cohen_s(store: Store, four: list[str]) -> None:
    # observed 3/4; expected (2/4 · 3/4) + (2/4 · 1/4) = 1/2; κ = (3/4 − 1/2) / (1 − 1/2) = 0.5
    give(store, "anna", dict(zip(four, ["accept", "accept", "exclude", "exclude"], strict=True)))
    give(store, "berta", dict(zip(four, ["accept", "accept", "accept", "exclude"], strict=True)))
    give(store, "berta", {four[0]: "accept"}, "GM")  # rated by one alone: no part of any agreement
    with store.read() as connection:
        found = agreement_of(ratings_of(connection))
    assert [(one.map, one.raters, one.kappa.n) for one in found] == [
        ("WMH", ("anna", "berta"), 4),
        (OVERALL, ("anna", "berta"), 4),
    ]
    assert found[0].kappa.value == pytest.approx(0.5)


def test_raters_who_accept_all_have_no_kappa(store: Store, four: list[str]) -> None:
    for who in ("anna", "berta"):
        give(store, who, dict.fromkeys(four, "accept"))
    with store.read() as connection:
        found = agreement_of(ratings_of(connection))
    assert found[0].kappa.value is None
    assert found[0].kappa.observed == 1.0


def test_the_table_is_read_by_raters_agree_and_its_export_is_noted(
    store: Store, four: list[str], tmp_path: Path
) -> None:
    for who in ("anna", "berta"):
        give(store, who, dict.fromkeys(four[:2], "exclude"))
    with store.write("anna") as writer:
        text = export_ratings(writer)
    path = tmp_path / "ratings.tsv"
    path.write_text(text, encoding="utf-8")
    assert {(one.scan, one.rater, one.map, one.rating) for one in read_ratings([path])} == {
        (f"sub-0{n}_ses-a", who, "WMH", "exclude") for n in range(2) for who in ("anna", "berta")
    }
    assert "\t'=1+1\t" in text  # no spreadsheet runs a note
    with store.read() as connection:
        assert next(iter(history(connection))).action == "ratings.exported"


def test_a_rater_takes_no_table_out_before_the_own_ratings_are_given(store: Store, four: list[str]) -> None:
    give(store, "anna", dict.fromkeys(four, "accept"))
    give(store, "berta", {four[0]: "accept"})
    with pytest.raises(StoreError, match="yet to rate maps of which others gave 3 ratings"), store.write("berta") as w:
        export_ratings(w)


def test_who_rated_nothing_takes_out_what_two_raters_rated_and_rates_it_no_more(store: Store, four: list[str]) -> None:
    give(store, "anna", dict.fromkeys(four, "accept"))
    with pytest.raises(StoreError, match="None of the 4 ratings"), store.write("carla") as writer:
        export_ratings(writer)
    give(store, "berta", dict.fromkeys(four[:2], "accept"))
    with store.write("carla") as writer:
        lines = export_ratings(writer).splitlines()
        entry = next(iter(history(writer.connection)))
    assert sorted(line.split("\t")[0] for line in lines[1:]) == ["sub-00", "sub-00", "sub-01", "sub-01"]
    assert (entry.who, entry.action, entry.after) == ("carla", "ratings.exported", {"count": 4, "withheld": 2})
    with pytest.raises(StoreError, match="not be independent"):
        give(store, "carla", {four[0]: "accept"})
    give(store, "carla", {four[2]: "accept"})  # rated by one alone: no part of the table
    give(store, "carla", {four[0]: "accept"}, "GM")
    give(store, "berta", {four[3]: "accept"})
    give(store, "dora", {four[0]: "accept"})  # has taken nothing out
