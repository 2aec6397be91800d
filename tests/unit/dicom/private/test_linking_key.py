import hmac
import json
import multiprocessing
import os
import re
import stat
from pathlib import Path

import pytest

from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.errors import DicomError, UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "key.json"


def secret_of(path: Path) -> bytes:
    return bytes.fromhex(json.loads(path.read_text())["secret"])


def test_the_same_patient_has_the_same_label_in_every_run(path: Path) -> None:
    with LinkingKey.open(path) as key:
        assert [key.subject("A1"), key.subject("B2"), key.subject("A1")] == ["0001", "0002", "0001"]
    with LinkingKey.open(path) as key:
        assert [key.subject("C3"), key.subject(" B2 ")] == ["0003", "0002"]


def test_one_number_of_two_hospitals_is_two_patients(path: Path) -> None:
    with LinkingKey.open(path) as key:
        assert key.subject("7", "North") != key.subject("7", "South")


def test_a_wanted_label_is_given_kept_and_never_shared(path: Path) -> None:
    with LinkingKey.open(path) as key:
        assert key.subject("A1", wanted="lupus01") == "lupus01"
        assert key.subject("A1") == key.subject("A1", wanted="lupus01") == "lupus01"
        with pytest.raises(UsageError, match=r"sub-lupus01 in key\.json already; sub-x was wanted"):
            key.subject("A1", wanted="x")
        with pytest.raises(UsageError, match="sub-Lupus01 stands for another patient"):
            key.subject("B2", wanted="Lupus01")
        with pytest.raises(UsageError, match="is no label"):
            key.subject("B2", wanted="../x")


def test_running_numbers_pass_over_wanted_ones(path: Path) -> None:
    with LinkingKey.open(path) as key:
        key.subject("A1", wanted="0007")
        assert key.subject("B2") == "0008"


def test_sessions_are_numbered_by_first_sight(path: Path) -> None:
    with LinkingKey.open(path) as key:
        one, two = key.subject("A1"), key.subject("B2")
        assert key.session(one, "1.2.9", "20240301") == "1"
        assert key.session(one, "1.2.3", "20230301") == "2"
        assert key.session(two, "1.2.4", "20230301") == "1"
    with LinkingKey.open(path) as key:
        assert key.session(one, "1.2.3", "20230301") == "2"
        with pytest.raises(UsageError, match=r"sub-0009 is not in key\.json"):
            key.session("0009", "1.2.3", "")


def test_days_and_uids_are_those_of_the_written_formula(path: Path) -> None:
    with LinkingKey.open(path) as key:
        subject = key.subject("A1")
        days, uid = key.days(subject), key.uid("1.2.840.1")
    secret = secret_of(path)
    keyed = int.from_bytes(hmac.new(secret, b"uid\x001.2.840.1", "sha256").digest())
    assert uid == f"2.25.{keyed >> 134}"
    assert days == 1 + int.from_bytes(hmac.new(secret, b"days\x00" + subject.encode(), "sha256").digest()) % 365
    assert len(uid) <= 64
    assert re.fullmatch(r"2\.25\.(0|[1-9]\d*)", uid)  # PS3.5 9.1: no leading zero, at most 64 signs


def test_shifts_lie_between_one_and_365_days_and_differ(path: Path) -> None:
    with LinkingKey.open(path) as key:
        shifts = [key.days(key.subject(str(number))) for number in range(60)]
    assert min(shifts) >= 1
    assert max(shifts) <= 365
    assert len(set(shifts)) > 30


def test_another_key_gives_other_uids(tmp_path: Path) -> None:
    with LinkingKey.open(tmp_path / "a.json") as one, LinkingKey.open(tmp_path / "b.json") as other:
        assert one.uid("1.2.3") == one.uid("1.2.3") != other.uid("1.2.3")


def test_only_the_owner_may_read_it(path: Path) -> None:
    with LinkingKey.open(path) as key:
        key.subject("A1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(DicomError, match=r"mode 0640.*\n.*chmod 600"), LinkingKey.open(path):
        pass


def test_it_is_refused_inside_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("{}")
    with pytest.raises(UsageError, match="is there to be shared"), LinkingKey.open(tmp_path / "code" / "key.json"):
        pass
    assert not (tmp_path / "code").exists()


def test_it_is_refused_inside_a_folder_that_will_be_shared(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "bids", target_is_directory=True)
    opened = LinkingKey.open(link / "key.json", outside=(tmp_path / "bids",))
    with pytest.raises(UsageError, match="is there to be shared"), opened:
        pass


def test_a_missing_key_is_told_where_none_may_be_made(path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"), LinkingKey.open(path, create=False):
        pass


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": "neurolupus linking key", "version": 1, "secret": "00", "subjects": {}}',
        '{"format": "neurolupus linking key", "version": 2, "secret": "%s", "subjects": {}}' % ("0" * 64),
        '{"format": "neurolupus linking key", "version": 1, "secret": "%s", "subjects": {"../x": {}}}' % ("0" * 64),
    ],
)
def test_a_damaged_key_is_refused_and_left_alone(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(DicomError, match="no linking key"), LinkingKey.open(path):
        pass
    assert path.read_text() == content


def test_a_label_is_on_disk_before_it_is_handed_out(path: Path) -> None:
    with LinkingKey.open(path) as key:
        label = key.subject("A1")
        assert json.loads(path.read_text())["subjects"][label]["patient_id"] == "A1"


def test_a_failed_save_leaves_the_old_key_and_no_rest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LinkingKey.open(path) as key:
        key.subject("A1")
        before = path.read_bytes()

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            key.subject("B2")
        with pytest.raises(OSError, match="No space"):  # not remembered as if it were kept
            key.subject("B2")
        assert path.read_bytes() == before
        monkeypatch.undo()
        assert [key.subject("A1"), key.subject("C3")] == ["0001", "0002"]
    assert sorted(one.name for one in path.parent.iterdir()) == ["key.json", "key.json.lock"]


def test_the_key_tells_no_secret_when_it_is_printed(path: Path) -> None:
    with LinkingKey.open(path) as key:
        key.subject("A1")
        assert secret_of(path).hex() not in repr(key)
        assert "A1" not in repr(key)


def test_an_empty_patient_id_or_uid_is_refused(path: Path) -> None:
    with LinkingKey.open(path) as key:
        with pytest.raises(DicomError, match="without PatientID"):
            key.subject("  ")
        with pytest.raises(DicomError, match="empty UID"):
            key.uid("")


def _claim(path: Path, start: int) -> None:
    with LinkingKey.open(path) as key:
        for number in range(start, start + 10):
            key.session(key.subject(str(number)), f"1.2.{number}", "")


def test_programs_that_use_one_key_at_once_agree(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_claim, args=(path, start)) for start in (0, 5, 10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    subjects = json.loads(path.read_text())["subjects"]
    assert sorted(one["patient_id"] for one in subjects.values()) == sorted(str(number) for number in range(20))
    assert sorted(subjects) == [f"{number:04d}" for number in range(1, 21)]
