"""Study files and tables from disk: paths, joins, what is told."""

import json
from pathlib import Path

import pytest

from neurolupus.errors import StudyFileError, TableError
from neurolupus.workflows.study_check import check, read_cohort, read_study
from neurolupus.workflows.study_simulate import simulate

STUDY = """\
study: {id: volumes, title: Volumes}
data:
  file: participants.tsv
  id: participant_id
  join: {file: volumes.tsv, on: participant_id, columns: [gm_ml, wm_ml]}
groups: {dx: {levels: [non, inf]}}
variables:
  age: {}
  gm: {column: gm_ml, unit: ml}
  wm: {column: wm_ml, unit: ml}
models:
  m: {type: linear, outcomes: [gm, wm], adjust: {primary: age}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.study.yaml").write_text(STUDY)
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tdx\tage\nsub-01\tnon\t30\nsub-02\tinf\t40\nsub-03\tinf\t50\n"
    )
    (tmp_path / "volumes.tsv").write_text(
        "participant_id\tsession_id\tgm_ml\twm_ml\tusable\nsub-01\tn/a\t600\t500\ttrue\n"
        "sub-03\tn/a\t580\t480\ttrue\nsub-02\tn/a\t590\t490\tfalse\n"
    )
    return tmp_path


def test_volumes_of_measure_are_joined_by_participant(folder: Path) -> None:
    study = read_study(folder / "s.study.yaml")
    table = read_cohort(study, folder / "s.study.yaml")
    assert [name for name, _ in table.sha256] == ["participants.tsv", "volumes.tsv"]
    found = check(folder / "s.study.yaml", folder / "participants.tsv")
    assert found.population is not None
    assert found.population.frame["gm"].fillna(-1).tolist() == [600, -1, 580]
    assert "1 scan of volumes.tsv not usable; the value" in "\n".join(found.population.notes)


def test_a_made_up_cohort_needs_no_second_table(folder: Path) -> None:
    simulate(folder / "s.study.yaml", folder / "made.csv", n=50)
    (folder / "volumes.tsv").unlink()
    found = check(folder / "s.study.yaml", folder / "made.csv").population
    assert found is not None
    assert (found.n, found.is_synthetic) == (50, True)


def test_the_summary_is_json(folder: Path) -> None:
    summary = json.loads(json.dumps(check(folder / "s.study.yaml", folder / "participants.tsv").summary()))
    assert (summary["study"], summary["cohorts"]) == ("volumes", ["full"])
    assert (summary["data"]["n"], summary["data"]["synthetic"]) == (3, False)


def test_the_file_alone_needs_no_data(folder: Path) -> None:
    (folder / "participants.tsv").unlink()
    assert check(folder / "s.study.yaml").population is None


def test_a_missing_table_is_told(folder: Path) -> None:
    (folder / "volumes.tsv").unlink()
    with pytest.raises(TableError, match=r"volumes.tsv does not exist"):
        check(folder / "s.study.yaml", folder / "participants.tsv")
    (folder / "s.study.yaml").write_text("study: {id: a, title: A}\n")
    with pytest.raises(TableError, match="names no table"):
        read_cohort(read_study(folder / "s.study.yaml"), folder / "s.study.yaml")
    with pytest.raises(StudyFileError, match="does not exist"):
        check(folder / "none.yaml")


def test_redcap_checkboxes_become_labels(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "study: {id: r, title: R}\ndata: {id: record_id}\n"
        "variables: {np: {type: multilabel, vocabulary: acr1999, derive: {n: count}}}\n"
    )
    (tmp_path / "t.csv").write_text("record_id,np___seizure,np___acs,np___headache\n1,1,0,0\n2,0,1,1\n3,0,0,0\n4,,,\n")
    found = check(tmp_path / "s.yaml", tmp_path / "t.csv").population
    assert found is not None
    assert found.frame["acs"].fillna(-1).tolist() == [0, 1, 0, -1]
    assert found.frame["n"].fillna(-1).tolist() == [1, 2, 0, -1]


def test_a_cell_that_would_run_in_a_spreadsheet_is_only_text(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "study: {id: r, title: R}\ndata: {id: id}\nvariables: {note: {type: text}, x: {}}\n"
    )
    (tmp_path / "t.csv").write_text("id,note,x\n1,=HYPERLINK(1),2\n2,'@x,3\n")
    found = check(tmp_path / "s.yaml", tmp_path / "t.csv").population
    assert found is not None
    assert found.frame["note"].tolist() == ["=HYPERLINK(1)", "@x"]


def test_both_kinds_of_flair_in_the_volumes_are_told_whether_their_column_is_taken_or_not(folder: Path) -> None:
    text = STUDY.replace("gm_ml, wm_ml]}", "gm_ml, wm_ml, wmh_ml]}").replace("[gm, wm]", "[wmh]")
    (folder / "s.study.yaml").write_text(text.replace("models:", "  wmh: {column: wmh_ml}\nmodels:"))
    (folder / "volumes.tsv").write_text(
        "participant_id\tgm_ml\twm_ml\twmh_ml\tflair_dim\tusable\nsub-01\t600\t500\t1.5\t2D\ttrue\n"
        "sub-03\t580\t480\t2.5\t3D\ttrue\nsub-02\t590\t490\t0.5\t3D\tfalse\n"
    )
    found = check(folder / "s.study.yaml", folder / "participants.tsv").population
    assert found is not None
    # the volumes of sub-02 are not usable: it has no FLAIR here
    assert "1 FLAIR images are 2D and 1 are 3D" in "\n".join(found.notes)
