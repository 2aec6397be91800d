import pytest

from neurolupus.errors import TableError
from neurolupus.io.delimited import cell_text, escaped, read_tsv, unescaped, write_tsv


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_a_table_comes_back(tmp_path, name):
    rows = [{"a": "x, y", "b": 1.5, "c": None}, {"a": 'say "so"', "b": -2, "c": True}, {"a": "ü\tz\nw"}]
    write_tsv(tmp_path / name, ("a", "b", "c"), rows)
    assert read_tsv(tmp_path / name) == [
        {"a": "x, y", "b": "1.5", "c": "n/a"},
        {"a": 'say "so"', "b": "-2", "c": "true"},
        {"a": "ü z w", "b": "n/a", "c": "n/a"},
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "  =1", "-", "\n=1"]
)
def test_no_cell_is_run_by_a_spreadsheet(text):
    # OWASP, "CSV Injection": cells must not begin with = + - @, tab or carriage return
    written = escaped(text)
    assert written.startswith("'")
    assert "\n" not in written
    assert "\t" not in written


@pytest.mark.parametrize("text", ["-3.5", "+4", "-1e5", "a=b", "n/a", ""])
def test_numbers_and_plain_text_stay(text):
    assert escaped(text) == text


@pytest.mark.parametrize("text", ["=1+1", "@x", "-", "plain", "'quoted'"])
def test_escaping_is_undone_on_reading(text):
    assert unescaped(escaped(text)) == text


def test_seven_digits_keep_a_microlitre_of_a_litre_and_a_half():
    assert cell_text(1500.123) == "1500.123"
    assert float(cell_text(1 / 3)) == pytest.approx(1 / 3, rel=1e-7)


def test_semicolons_marks_and_windows_text(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfname;x\r\nM\xc3\xbcller;1,5\r\n")
    assert read_tsv(tmp_path / "a.csv") == [{"name": "Müller", "x": "1,5"}]
    (tmp_path / "b.csv").write_bytes(b"name,x\nM\xfcller,1\n")
    assert read_tsv(tmp_path / "b.csv") == [{"name": "Müller", "x": "1"}]


def test_empty_lines_are_passed_over(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tb\n\n1\t2\n\t\n")
    assert read_tsv(tmp_path / "a.tsv") == [{"a": "1", "b": "2"}]


def test_all_faults_of_a_table_are_told_together(tmp_path):
    (tmp_path / "a.tsv").write_text("a\ta\tb\n1\t2\n1\t2\t3\n1\t2\t3\t4\n")
    with pytest.raises(TableError) as caught:
        read_tsv(tmp_path / "a.tsv", needed=("id",))
    message = str(caught.value)
    assert "has 4 faults" in message
    for words in (
        "column 'a' occurs twice",
        "column 'id' is missing; there are a, a, b",
        "line 2: 2 cells",
        "line 4: 4",
    ):
        assert words in message


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (b"\n \n", "is empty"), (b"PK\x03\x04\0\0", "no text file")]
)
def test_files_that_are_no_table(tmp_path, content, words):
    (tmp_path / "a.tsv").write_bytes(content)
    with pytest.raises(TableError, match=words):
        read_tsv(tmp_path / "a.tsv")


def test_absent(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        read_tsv(tmp_path / "a.tsv")
    with pytest.raises(TableError, match="does not exist or is no file"):
        read_tsv(tmp_path)


def test_a_cell_without_end_is_a_fault(tmp_path):
    (tmp_path / "a.tsv").write_text('a\tb\n"' + "x" * 200_000 + "\t1\n")
    with pytest.raises(TableError, match="field larger"):
        read_tsv(tmp_path / "a.tsv")
