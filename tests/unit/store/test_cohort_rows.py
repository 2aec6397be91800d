"""Rows of a cohort: parts of a record as the whole has them, on either database."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.store.cohort_rows import cohort_rows, differs
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient

SECTIONS = ("patient", "events", "mri")
RECORDS = (
    {"id": "a", "patient": {"age": 50.5, "sex": "F"}, "events": [{"syndrome": "psychosis"}], "mri": {"done": True}},
    {"id": "b", "patient": {"age": 0, "sex": None}, "events": [], "note": "x" * 1000},
    {"id": "c"},
)


def test_parts_of_a_record_are_as_in_the_whole(store: Store):
    with store.write("anna") as writer:
        for record in RECORDS:
            add_patient(writer, dict(record))
        whole = cohort_rows(writer.connection)
        parts = cohort_rows(writer.connection, sections=SECTIONS)
    assert [one.record for one in parts] == [{name: one.record.get(name) for name in SECTIONS} for one in whole]
    assert [(one.id, one.mark, one.status) for one in parts] == [(one.id, one.mark, one.status) for one in whole]


@pytest.mark.parametrize(
    ("before", "now", "by_facts", "by_status"),
    [
        ("1|@new", "1|@new", False, False),
        ("1|@new", "1|@decided", False, True),
        ("1|@new", "2|@new", True, True),
        ("1|2:3.0@new", "1|2:3.0|sealed@new", True, True),
        ("", "1|@new", True, True),
    ],
)
def test_marks_differ_by_facts_and_where_it_is_asked_by_status(before: str, now: str, by_facts: bool, by_status: bool):
    assert differs(before, now, by_status=False) is by_facts
    assert differs(before, now, by_status=True) is by_status
