import json

import pytest

from neurolupus.errors import TableError
from neurolupus.io.cohort import check_one_version, write_volumes_table
from neurolupus.io.delimited import read_tsv
from neurolupus.records.dictionary import DICTIONARY


def a_row(participant: str = "sub-01", version: str = "0.1.0", **values: object) -> dict:
    return {"participant_id": participant, "session_id": None, "gm_ml": 600.5, "version": version, **values}


def test_the_table_has_every_column_of_the_dictionary_in_order(tmp_path):
    table, dictionary = write_volumes_table(tmp_path, [a_row(wmh_ml=4.0, wmh_ml_low=2.0, wmh_ml_high=7.0)])
    (row,) = read_tsv(table)
    order = [name for name in row if not name.endswith(("_low", "_high"))]
    assert order == [definition.name for definition in DICTIONARY]
    columns = list(row)
    assert columns[columns.index("wmh_ml") :][:3] == ["wmh_ml", "wmh_ml_low", "wmh_ml_high"]
    assert row["session_id"] == "n/a"
    assert row["csf_ml"] == "n/a"
    told = json.loads(dictionary.read_text())
    assert list(told) == columns
    assert told["gm_ml"]["Units"] == "mL"
    assert all(entry["Description"] for entry in told.values())
    assert "95 %" in told["wmh_ml_low"]["Description"]


def test_rows_are_sorted(tmp_path):
    table, _ = write_volumes_table(tmp_path, [a_row("sub-10"), a_row("sub-02")])
    assert [row["participant_id"] for row in read_tsv(table)] == ["sub-02", "sub-10"]


def test_nothing_that_changes_with_the_day_is_in_it(tmp_path):
    first, _ = write_volumes_table(tmp_path / "a", [a_row("sub-02"), a_row()])
    second, _ = write_volumes_table(tmp_path / "b", [a_row(), a_row("sub-02")])
    assert first.read_bytes() == second.read_bytes()


def test_mixed_versions_are_refused_and_the_old_table_stays(tmp_path):
    table, _ = write_volumes_table(tmp_path, [a_row()])
    before = table.read_bytes()
    mixed = [a_row(), a_row("sub-02"), a_row("sub-03", version="0.2.0")]
    with pytest.raises(TableError, match=r"0.1.0 \(2 rows\), 0.2.0 \(1 row\)(.|\n)*--rerun") as caught:
        write_volumes_table(tmp_path, mixed)
    assert caught.value.exit_code == 11
    assert table.read_bytes() == before
    write_volumes_table(tmp_path, mixed, allow_mixed_versions=True)
    assert len(read_tsv(table)) == 3


def test_an_unknown_version_beside_a_known_one_is_a_mixture():
    with pytest.raises(TableError, match=r"0.1.0 \(1 row\), unknown \(2 rows\)"):
        check_one_version(["0.1.0", None, "n/a"], "x")
    check_one_version([None, None], "x")
    check_one_version([], "x")


def test_columns_nobody_defined_are_refused(tmp_path):
    with pytest.raises(TableError, match="Columns shoe_size are not in the data dictionary"):
        write_volumes_table(tmp_path, [a_row(shoe_size=42)])


def test_a_scan_twice_is_refused(tmp_path):
    with pytest.raises(TableError, match="several rows of sub-01"):
        write_volumes_table(tmp_path, [a_row(), a_row()])


def test_no_rows_still_make_a_table(tmp_path):
    table, _ = write_volumes_table(tmp_path, [])
    assert read_tsv(table) == []
    assert table.read_text().startswith("participant_id\tsession_id\tgm_ml\t")
