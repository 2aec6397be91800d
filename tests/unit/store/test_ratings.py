"""Ratings: own ones only until one's own is given; conflicts; exclusions; what the trail says."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.engine import Store
from neurolupus.store.ratings import MAPS, SEAL_RATINGS, excluded, rate, ratings_of, shown_ratings, visible
from neurolupus.store.scans import add_scan
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import history


@pytest.fixture
def scan(store: Store) -> str:
    with store.write("anna") as writer:
        return add_scan(writer, "01", None, status="measured")


def give(store: Store, who: str, scan: str, name: str, verdict: str = "accept", version: int = 0, **more: str) -> int:
    with store.write(who) as writer:
        return rate(writer, scan, name, verdict, version=version, **more)  # type: ignore[arg-type]


def seen_by(store: Store, who: str, *, rates: bool = True) -> set[tuple[str, str]]:
    with store.read() as connection:
        return {(one.map, one.rater) for one in shown_ratings(connection, who, rates=rates)}


def test_a_rater_sees_another_s_rating_of_a_map_once_the_own_is_given(store: Store, scan: str) -> None:
    give(store, "anna", scan, "GM")
    give(store, "anna", scan, "WMH", "exclude", reason="motion")
    assert seen_by(store, "berta") == set()
    give(store, "berta", scan, "GM")
    assert seen_by(store, "berta") == {("GM", "anna"), ("GM", "berta")}
    assert seen_by(store, "anna") == {("GM", "anna"), ("GM", "berta"), ("WMH", "anna")}


def test_who_does_not_rate_sees_a_map_once_two_raters_are_done(store: Store, scan: str) -> None:
    give(store, "anna", scan, "GM")
    give(store, "anna", scan, "WMH", "exclude", reason="motion")
    assert seen_by(store, "carla", rates=False) == set()
    give(store, "berta", scan, "GM")
    assert seen_by(store, "carla", rates=False) == {("GM", "anna"), ("GM", "berta")}
    with store.write("admin") as writer:
        set_setting(writer, SEAL_RATINGS, False, 0)  # one rater works alone
    assert seen_by(store, "carla", rates=False) == {("GM", "anna"), ("GM", "berta"), ("WMH", "anna")}
    assert seen_by(store, "berta") == {("GM", "anna"), ("GM", "berta")}  # raters stay blind to one another


def test_an_exclusion_marks_the_scan_only_for_who_may_see_it(store: Store, scan: str) -> None:
    give(store, "anna", scan, "WMH", "exclude", reason="motion")
    give(store, "berta", scan, "GM")
    with store.read() as connection:
        found = ratings_of(connection)
    assert excluded(visible(found, "anna", rates=True)) == {scan: ["WMH: motion"]}
    assert excluded(visible(found, "berta", rates=True)) == {}


def test_a_rating_is_changed_from_the_version_that_was_seen(store: Store, scan: str) -> None:
    assert give(store, "anna", scan, "T1w", "exclude", reason="motion") == 1
    with pytest.raises(Conflict, match="another window"):
        give(store, "anna", scan, "T1w")
    assert give(store, "anna", scan, "T1w", version=1) == 2
    with store.read() as connection:
        (one,) = ratings_of(connection, [scan])
        entry = next(entry for entry in history(connection) if entry.action == "scan.rated")
    assert (one.verdict, one.reason, one.version) == ("accept", None, 2)
    assert (entry.before["verdict"], entry.after["verdict"]) == ("exclude", "accept")


@pytest.mark.parametrize(
    ("name", "verdict", "more", "words"),
    [
        ("PET", "accept", {}, "'PET' is no map"),
        ("T1w", "perhaps", {}, "'perhaps' is no verdict"),
        ("T1w", "exclude", {}, "needs a reason"),
        ("T1w", "exclude", {"reason": "because"}, "'because' is none"),
        ("T1w", "accept", {"note": "x" * 2001}, "2001 letters"),
    ],
)
def test_what_is_no_rating_is_refused(
    store: Store, scan: str, name: str, verdict: str, more: dict[str, str], words: str
) -> None:
    with pytest.raises(StoreError, match=words):
        give(store, "anna", scan, name, verdict, **more)
    with store.read() as connection:
        assert ratings_of(connection) == []


def test_every_map_can_be_rated(store: Store, scan: str) -> None:
    for name in MAPS:
        give(store, "anna", scan, name)
    assert {name for name, _ in seen_by(store, "anna")} == {"T1w", "FLAIR", "GM", "WM", "WMH", "CSF"}
