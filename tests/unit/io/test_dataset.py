import json

import pytest

from neurolupus.errors import UsageError
from neurolupus.io.dataset import check_own_dataset, derivative_path, write_dataset_description
from neurolupus.records.scan import ScanId


@pytest.mark.parametrize(
    ("entities", "name"),
    [
        ({"suffix": "mask", "extension": ".nii.gz", "desc": "brain"}, "sub-01_ses-1_desc-brain_mask.nii.gz"),
        (
            {"suffix": "FLAIR", "extension": ".nii.gz", "desc": "preproc", "space": "T1w"},
            "sub-01_ses-1_space-T1w_desc-preproc_FLAIR.nii.gz",
        ),
        (
            {"suffix": "xfm", "extension": ".txt", "mode": "image", "to": "T1w", "from_": "FLAIR"},
            "sub-01_ses-1_from-FLAIR_to-T1w_mode-image_xfm.txt",
        ),
    ],
)
def test_names_have_their_entities_in_order(tmp_path, entities, name):
    assert derivative_path(tmp_path, ScanId("01", "1"), **entities) == tmp_path / "sub-01" / "ses-1" / "anat" / name


def test_no_session_no_folder(tmp_path):
    path = derivative_path(tmp_path, ScanId("01"), suffix="dseg", extension=".tsv")
    assert path == tmp_path / "sub-01" / "anat" / "sub-01_dseg.tsv"


def test_unknown_entities_are_refused(tmp_path):
    with pytest.raises(ValueError, match="colour"):
        derivative_path(tmp_path, ScanId("01"), suffix="dseg", extension=".tsv", colour="red")


def test_the_description_is_a_derivative_with_a_relative_link(tmp_path):
    out = tmp_path / "raw" / "derivatives" / "neurolupus"
    write_dataset_description(out, version="0.1.0", source=tmp_path / "raw")
    told = json.loads((out / "dataset_description.json").read_text())
    assert told["DatasetType"] == "derivative"
    assert told["GeneratedBy"] == [{"Name": "neurolupus", "Version": "0.1.0"}]
    assert told["DatasetLinks"] == {"raw": "../.."}
    assert str(tmp_path) not in (out / "dataset_description.json").read_text()
    assert "*_xfm.*" in (out / ".bidsignore").read_text().splitlines()


def test_writing_twice_is_fine_and_keeps_the_readers_readme(tmp_path):
    write_dataset_description(tmp_path, version="0.1.0")
    (tmp_path / "README").write_text("mine")
    write_dataset_description(tmp_path, version="0.2.0")
    assert (tmp_path / "README").read_text() == "mine"
    assert "0.2.0" in (tmp_path / "dataset_description.json").read_text()


@pytest.mark.parametrize("content", ['{"Name": "raw", "DatasetType": "raw"}', "{broken", "[]", '{"GeneratedBy": [1]}'])
def test_another_data_set_is_not_overwritten(tmp_path, content):
    (tmp_path / "dataset_description.json").write_text(content)
    with pytest.raises(UsageError, match=r"did not make(.|\n)*derivatives.neurolupus"):
        write_dataset_description(tmp_path, version="0.1.0")
    assert (tmp_path / "dataset_description.json").read_text() == content


def test_an_empty_folder_is_anyones(tmp_path):
    check_own_dataset(tmp_path)
    check_own_dataset(tmp_path / "absent")
