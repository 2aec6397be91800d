import pytest

from neurolupus.errors import TableError
from neurolupus.io.participants import read_participants


def put(root, text):
    (root / "participants.tsv").write_text(text, encoding="utf-8")
    return root


def test_what_a_table_tells(tmp_path):
    put(tmp_path, "participant_id\tsex\tage\tgroup\tsite\nsub-01\tF\t34.5\tNPSLE\tA\n02\tn/a\t89+\tn/a\tB\n")
    found = read_participants(tmp_path)
    first, second = found["01"], found["02"]
    assert (first.participant_id, first.age_years, first.sex, first.group) == ("01", 34.5, "F", "NPSLE")
    assert first.other == {"site": "A"}
    assert (second.age_years, second.sex, second.group) == (None, None, None)
    assert second.other == {"age": "89+", "site": "B"}


def test_diagnosis_stands_in_for_group(tmp_path):
    put(tmp_path, "participant_id\tdiagnosis\nsub-01\tlupus\n")
    assert read_participants(tmp_path)["01"].group == "lupus"


@pytest.mark.parametrize("age", ["-3", "400", "old", ""])
def test_an_age_that_is_none(tmp_path, age):
    assert read_participants(put(tmp_path, f"participant_id\tage\nsub-01\t{age}\n"))["01"].age_years is None


def test_no_table_is_no_fault(tmp_path):
    assert read_participants(tmp_path) == {}


def test_a_table_without_ids_is(tmp_path):
    with pytest.raises(TableError, match="column 'participant_id' is missing; there are id, age"):
        read_participants(put(tmp_path, "id\tage\n1\t2\n"))
