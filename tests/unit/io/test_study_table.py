"""Cohort tables are read from every format alike; what cannot be read is told."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from neurolupus.errors import TableError
from neurolupus.io.study_table import read_study_table

ROWS = {"id": ["P1", "P2", "P3"], "age": [30, 41.5, None], "drug": ["cyc", None, "mmf"]}


def text_of(value: object) -> str:
    if value is None or value != value:
        return ""
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)


def written(folder: Path, suffix: str) -> Path:
    path = folder / f"cohort{suffix}"
    frame = pd.DataFrame(ROWS)
    if suffix == ".csv":
        path.write_bytes(frame.to_csv(index=False).encode())
    elif suffix == ".tsv":
        path.write_bytes(frame.to_csv(index=False, sep="\t").encode())
    elif suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    elif suffix == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        pytest.importorskip("pyreadstat").write_sav(frame.fillna({"drug": ""}), str(path))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".parquet", ".sav"])
def test_every_format_gives_the_same_cells(tmp_path: Path, suffix: str) -> None:
    table = read_study_table(written(tmp_path, suffix))
    cells = [[text_of(cell) for cell in table.frame[name]] for name in ("id", "age", "drug")]
    assert cells == [["P1", "P2", "P3"], ["30", "41.5", ""], ["cyc", "", "mmf"]]
    assert list(table.frame.index) == [2, 3, 4]
    assert len(table.sha256[0][1]) == 64


def read(tmp_path: Path, raw: bytes, **options: str) -> pd.DataFrame:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)
    return read_study_table(path, **options).frame


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    frame = read(tmp_path, "patient;größe\n1;180,5\n".encode(encoding))
    assert frame.to_dict("list") == {"patient": ["1"], "größe": ["180,5"]}


def test_windows_text_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id,größe\n1,2\n".encode("cp1252"))
    table = read_study_table(path)
    assert list(table.frame) == ["id", "größe"]
    assert "Windows-1252" in table.notes[0]


def test_cells_keep_their_text_and_rows_their_numbers(tmp_path: Path) -> None:
    frame = read(tmp_path, b'id,text\n 007 ,"a, b"\n\n1,\'=1+1\n')
    assert frame["id"].tolist() == ["007", "1"]
    assert frame["text"].tolist() == ["a, b", "=1+1"]
    assert list(frame.index) == [2, 4]


def test_excels_own_line_about_the_delimiter_is_understood(tmp_path: Path) -> None:
    frame = read(tmp_path, b"sep=;\nid;x\n1;2\n")
    assert frame.to_dict("list") == {"id": ["1"], "x": ["2"]}
    assert list(frame.index) == [3]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"id,x\n", "a header and no rows"),
        (b"id,x\n1,2,3\n2\n3,4\n", "row 2: 3 cells for 2 columns.\n    row 3: 1 cells for 2 columns."),
        (b"id,x,x,\n1,2,3,4\n", "column 'x' occurs twice.\n    row 1: column 4 has no name"),
        (b"\x89PNG\0\0\0\x07" * 3, "Save the sheet as CSV UTF-8"),
        (b'id,x\n1,"2\n', "row 2: unexpected end of data"),
    ],
)
def test_faults_of_the_file_are_told(tmp_path: Path, raw: bytes, told: str) -> None:
    with pytest.raises(TableError) as error:
        read(tmp_path, raw)
    assert told in str(error.value)


def test_wrong_options_and_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="does not exist"):
        read_study_table(tmp_path / "none.csv")
    (tmp_path / "x.doc").write_bytes(b"x")
    with pytest.raises(TableError, match=r"ends in '\.doc'"):
        read_study_table(tmp_path / "x.doc")
    with pytest.raises(TableError, match="cannot be read as klingon"):
        read(tmp_path, b"a\n1\n", encoding="klingon")
    with pytest.raises(TableError, match="not one character"):
        read(tmp_path, b"a\n1\n", delimiter=";;")


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".sav"])
def test_a_broken_file_is_told_without_a_traceback(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"not really")
    with pytest.raises(TableError, match="is no readable"):
        read_study_table(path)


def test_a_missing_sheet_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, ".xlsx")
    with pytest.raises(TableError, match="it has Sheet1"):
        read_study_table(path, sheet="Patients")
    assert len(read_study_table(path, sheet="Sheet1").frame) == 3


@pytest.mark.parametrize(
    ("suffix", "package"), [(".xlsx", "openpyxl"), (".parquet", "pyarrow"), (".sav", "pyreadstat")]
)
def test_a_missing_package_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str
) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TableError, match=r"neurolupus\[formats\]"):
        read_study_table(path)


def test_a_synthetic_table_is_known_as_such(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,synthetic\n1,1\n2,1\n")
    assert read_study_table(path).is_synthetic
    path.write_bytes(b"id,synthetic\n1,0\n")
    assert not read_study_table(path).is_synthetic
    path.write_bytes(b"id\n1\n")
    assert not read_study_table(path).is_synthetic
