from pathlib import Path

import pytest

from neurolupus.errors import PairingError, UsageError
from neurolupus.io.bids import ScanFiles, choose_pair, index_dataset, scan_id_of
from neurolupus.records.scan import ScanId


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


@pytest.fixture
def dataset(tmp_path) -> Path:
    return tree(
        tmp_path / "ds",
        "sub-02/anat/sub-02_T1w.nii",
        "sub-02/anat/sub-02_FLAIR.nii.gz",
        "sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz",
        "sub-01/ses-2/anat/sub-01_ses-2_FLAIR.nii.gz",
        "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz",
        "sub-01/ses-1/anat/sub-01_ses-1_T1w.json",
        "sub-01/ses-1/anat/._sub-01_ses-1_T1w.nii.gz",
        "sub-01/ses-3/func/sub-01_ses-3_bold.nii.gz",
        "sub-03/func/sub-03_bold.nii.gz",
        "derivatives/x/sub-09/anat/sub-09_T1w.nii.gz",
        "sub-notes.txt",
    )


def test_visits_are_found_in_order_and_nobody_is_forgotten(dataset):
    found = index_dataset(dataset)
    assert [files.scan_id for files in found] == [
        ScanId("01", "1"),
        ScanId("01", "2"),
        ScanId("02"),
        ScanId("03"),  # no T1w, no FLAIR: choose_pair says so
    ]
    assert [len(files.t1w) for files in found] == [1, 1, 1, 0]
    assert [len(files.flair) for files in found] == [0, 1, 1, 0]


@pytest.mark.parametrize("label", ["01", "sub-01"])
def test_labels_with_and_without_prefix(dataset, label):
    assert [files.scan_id.stem for files in index_dataset(dataset, participants=[label], sessions=["ses-2"])] == [
        "sub-01_ses-2"
    ]


def test_sessions_leave_out_visits_without_one(dataset):
    assert [files.scan_id.stem for files in index_dataset(dataset, sessions=["1"])] == ["sub-01_ses-1"]


def test_unknown_labels_are_told_with_the_nearest(dataset):
    with pytest.raises(UsageError, match=r"sub-0l not found in .*ds(.|\n)*Did you mean sub-0[123]\?"):
        index_dataset(dataset, participants=["0l"])
    with pytest.raises(UsageError, match=r"ses-77 not found(.|\n)*There are: 1, 2"):
        index_dataset(dataset, sessions=["77"])


def test_folders_that_are_no_data_set(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        index_dataset(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"no folder sub-\*(.|\n)*--t1w"):
        index_dataset(tmp_path)


def test_a_folder_in_capitals_is_not_passed_over_in_silence(dataset):
    tree(dataset, "SUB-04/anat/SUB-04_T1w.nii.gz")
    with pytest.raises(UsageError, match=r"holds SUB-04(.|\n)*Rename SUB-04 to sub-04"):
        index_dataset(dataset)
    assert [files.scan_id.stem for files in index_dataset(dataset, participants=["02"])] == ["sub-02"]


def files(t1w: list[str], flair: list[str]) -> ScanFiles:
    return ScanFiles(ScanId("01"), tuple(map(Path, t1w)), tuple(map(Path, flair)), Path("ds/sub-01/anat"))


def test_one_of_each(dataset):
    assert choose_pair(files(["a_T1w.nii"], ["a_FLAIR.nii"]), need_flair=True) == (
        Path("a_T1w.nii"),
        Path("a_FLAIR.nii"),
    )
    assert choose_pair(files(["a_T1w.nii"], ["a_FLAIR.nii"]), need_flair=False) == (Path("a_T1w.nii"), None)


def test_a_missing_flair_tells_the_way_out():
    with pytest.raises(PairingError, match=r"sub-01 has no pair(.|\n)*no FLAIR(.|\n)*--no-flair"):
        choose_pair(files(["a_T1w.nii"], []), need_flair=True)
    assert choose_pair(files(["a_T1w.nii"], []), need_flair=False) == (Path("a_T1w.nii"), None)


def test_both_missing_are_told_together():
    with pytest.raises(PairingError) as caught:
        choose_pair(files([], []), need_flair=True)
    assert "no T1w" in str(caught.value)
    assert "no FLAIR" in str(caught.value)
    assert str(Path("ds/sub-01/anat")) in str(caught.value)


def test_several_runs_are_not_guessed():
    with pytest.raises(PairingError, match=r"2 T1w images \(a_run-1_T1w.nii, a_run-2_T1w.nii\); name the one"):
        choose_pair(files(["a_run-1_T1w.nii", "a_run-2_T1w.nii"], ["a_FLAIR.nii"]), need_flair=True)


def test_contrast_enhanced_images_are_passed_over_where_there_is_a_plain_one():
    t1w, _ = choose_pair(files(["a_T1w.nii", "a_ce-gad_T1w.nii"], ["a_FLAIR.nii"]), need_flair=True)
    assert t1w == Path("a_T1w.nii")
    t1w, _ = choose_pair(files(["a_ce-gad_T1w.nii"], ["a_FLAIR.nii"]), need_flair=True)
    assert t1w == Path("a_ce-gad_T1w.nii")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sub-07_ses-b_T1w.nii.gz", "sub-07_ses-b"),
        ("T1.nii.gz", "sub-T1"),
        ("Müller 3_T1.nii", "sub-Mller3T1"),
        ("....nii", "sub-unnamed"),
    ],
)
def test_scan_id_of_a_file(name, stem):
    assert scan_id_of(Path("folder") / name).stem == stem


@pytest.mark.parametrize(
    ("t1w", "flair", "told"),
    [
        ("sub-02_T1w.nii.gz", "sub-01_FLAIR.nii.gz", "sub-02_T1w.nii.gz is named sub-02 and lies in the folder of sub"),
        ("sub-01_T1w.nii.gz", "sub-01_ses-2_FLAIR.nii.gz", "sub-01_ses-2_FLAIR.nii.gz is named ses-2 and lies"),
    ],
)
def test_a_file_of_another_person_or_visit_is_not_measured(t1w, flair, told):
    with pytest.raises(PairingError, match=told):
        choose_pair(files([t1w], [flair]), need_flair=True)


def test_a_visit_whose_files_do_not_tell_the_session_is_taken():
    visit = ScanFiles(ScanId("01", "1"), (Path("sub-01_T1w.nii"),), (Path("FLAIR.nii"),), Path("ds/sub-01/ses-1/anat"))
    assert choose_pair(visit, need_flair=True) == (Path("sub-01_T1w.nii"), Path("FLAIR.nii"))


def test_phase_images_are_passed_over():
    several = ["sub-01_part-mag_T1w.nii.gz", "sub-01_part-phase_T1w.nii.gz"]
    assert choose_pair(files(several, []), need_flair=False)[0].name == several[0]
    with pytest.raises(PairingError, match="no T1w"):
        choose_pair(files(several[1:], []), need_flair=False)
