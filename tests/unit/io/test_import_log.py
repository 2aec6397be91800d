"""The import log survives an import that is killed in the middle of a line."""

from dataclasses import replace
from pathlib import Path

from neurolupus.io.import_log import LOG, LogRow, append_import_log, read_import_log, write_import_log

ROW = LogRow("2.25.1", "", "sub-1", "ses-1", "3", "MR", "176", "taken", "T1w", "f", "3D", "MPRAGE", "", "1")


def test_rows_come_back_and_the_last_word_on_a_series_holds(tmp_path: Path) -> None:
    two = replace(ROW, series="2.25.2", part="echo time 2.5", reason="=1+1")
    append_import_log(tmp_path, [replace(ROW, state="failed")])
    append_import_log(tmp_path, [two])
    append_import_log(tmp_path, [ROW])
    assert read_import_log(tmp_path) == {ROW.key: ROW, two.key: two}
    write_import_log(tmp_path, read_import_log(tmp_path))
    assert len((tmp_path / LOG).read_text().splitlines()) == 3
    assert read_import_log(tmp_path) == {ROW.key: ROW, two.key: two}


def test_nothing_was_imported_yet(tmp_path: Path) -> None:
    assert read_import_log(tmp_path) == {}


def test_half_a_line_is_left_out_and_written_over(tmp_path: Path) -> None:
    append_import_log(tmp_path, [ROW])
    path = tmp_path / LOG
    whole = path.read_bytes()
    for cut in (1, 5, 40):
        path.write_bytes(whole + whole.splitlines(keepends=True)[1][:-cut])
        assert read_import_log(tmp_path) == {ROW.key: ROW}
        two = replace(ROW, series="2.25.2")
        append_import_log(tmp_path, [two])
        assert read_import_log(tmp_path) == {ROW.key: ROW, two.key: two}
