"""A raw data set is added to; what is there stays, byte for byte."""

import json
from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.io.delimited import read_tsv
from neurolupus.io.participants import read_participants
from neurolupus.io.raw_dataset import (
    PeopleTables,
    ScannedPerson,
    image_path,
    labels_in,
    prepare_dataset,
    write_image,
)
from neurolupus.records.scan import ScanId

ONE = ScannedPerson(ScanId("0001", "1"), 44, "F", "1873-04-05T00:00:00")


def test_a_new_data_set_describes_itself(tmp_path: Path) -> None:
    prepare_dataset(tmp_path / "new", version="1.0", converter="v1.0.2026")
    told = json.loads((tmp_path / "new" / "dataset_description.json").read_text())
    assert (told["DatasetType"], told["BIDSVersion"]) == ("raw", "1.9.0")
    assert [maker["Name"] for maker in told["GeneratedBy"]] == ["neurolupus", "dcm2niix"]


def test_one_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text('{"Name": "mine", "BIDSVersion": "1.4.0"}')
    (tmp_path / "README").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    prepare_dataset(tmp_path, version="1.0", converter="")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notes.txt", "x", "holds files and no dataset_description.json"),
        ("dataset_description.json", '{"DatasetType": "derivative"}', "a data set of results"),
        ("dataset_description.json", "[]", "is no JSON object"),
        ("dataset_description.json", "{", "is no JSON object"),
    ],
)
def test_other_folders_are_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=words):
        prepare_dataset(tmp_path, version="1.0", converter="")


def test_people_are_added_once_and_read_by_measure(tmp_path: Path) -> None:
    for _ in range(2):
        tables = PeopleTables(tmp_path)
        tables.add(ONE)
        tables.add(ScannedPerson(ScanId("0001", "2"), 46, "F"))
        tables.add(ScannedPerson(ScanId("0002", "1"), None, None))
    assert read_tsv(tmp_path / "participants.tsv") == [
        {"participant_id": "sub-0001", "age": "44", "sex": "F"},
        {"participant_id": "sub-0002", "age": "n/a", "sex": "n/a"},
    ]
    assert read_tsv(tmp_path / "sub-0001" / "sub-0001_sessions.tsv") == [
        {"session_id": "ses-1", "acq_time": "1873-04-05T00:00:00", "age": "44"},
        {"session_id": "ses-2", "acq_time": "n/a", "age": "46"},
    ]
    assert read_participants(tmp_path)["0001"].age_years == 44


@pytest.mark.parametrize(("age", "told"), [(88, "88"), (89, "89"), (90, "89"), (104, "89"), (None, "n/a"), (0, "0")])
def test_nobody_is_older_than_89(tmp_path: Path, age: int | None, told: str) -> None:
    # HIPAA safe harbour, 45 CFR 164.514(b)(2)(i)(C): ages over 89 go into one category
    PeopleTables(tmp_path).add(ScannedPerson(ScanId("1", "1"), age))
    assert read_tsv(tmp_path / "participants.tsv")[0]["age"] == told
    assert read_tsv(tmp_path / "sub-1" / "sub-1_sessions.tsv")[0]["age"] == told


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_rows_of_others_keep_their_bytes_and_columns(tmp_path: Path, end: str) -> None:
    mine = f"participant_id\thandedness\tsex\nsub-x\t-left\tM{end}"
    (tmp_path / "participants.tsv").write_bytes(mine.encode())
    PeopleTables(tmp_path).add(ONE)
    text = (tmp_path / "participants.tsv").read_bytes().decode()
    assert text == mine.rstrip("\r\n") + "\nsub-0001\tn/a\tF\n"
    assert not (tmp_path / "participants.json").exists()


def test_labels_are_those_of_folders_and_of_rows(tmp_path: Path) -> None:
    PeopleTables(tmp_path).add(ONE)
    (tmp_path / "sub-07").mkdir()
    assert labels_in(tmp_path) == {"0001", "07"}


def test_an_image_is_not_replaced(tmp_path: Path) -> None:
    path = image_path(tmp_path, ScanId("0001", "1"), "T1w")
    write_image(path, b"one", {"EchoTime": 0.003})
    assert path.relative_to(tmp_path).as_posix() == "sub-0001/ses-1/anat/sub-0001_ses-1_T1w.nii.gz"
    assert json.loads((path.parent / "sub-0001_ses-1_T1w.json").read_text()) == {"EchoTime": 0.003}
    with pytest.raises(UsageError, match="exists; it is not replaced"):
        write_image(path, b"two", {})
    assert path.read_bytes() == b"one"
    assert not list(path.parent.glob(".tmp*"))
