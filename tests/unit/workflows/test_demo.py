import hashlib
from pathlib import Path
from types import ModuleType

import pytest

from neurolupus.errors import ImageError, TableError, UsageError
from neurolupus.io.bids import index_dataset, read_participants
from neurolupus.report.html import Section
from neurolupus.workflows import demo, demo_studies
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.demo_audits import audit_papers
from neurolupus.workflows.observer import Silent

pytestmark = pytest.mark.slow


@pytest.fixture
def fake_simulate(fake_measure, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    import fake_simulate as fake

    monkeypatch.setattr(demo, "simulate_job", fake.fake_simulate_job)
    return fake


@pytest.mark.usefixtures("fake_simulate")
def test_the_demo_sets_truth_beside_measurement(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    added = demo.Step("Adding a study", lambda it: [Section("A study", "It joined.", "words", "study")])
    result = demo.run_demo(folder, capacity=Capacity(2, 1), steps=(*demo.STEPS[:2], added))
    assert len(result.measured.group.rows) == 6
    assert [one.scan_id.participant_id for one in index_dataset(folder / "bids")] == [f"0{n}" for n in range(1, 7)]
    assert {p.group for p in read_participants(folder / "bids").values()} == {
        "non-NPSLE", "inflammatory NPSLE", "ischaemic NPSLE",
    }  # fmt: skip
    page = (folder / "index.html").read_text()
    assert "derivatives/neurolupus/sub-01.html" in page
    assert (folder / "derivatives/neurolupus/sub-01.html").is_file()
    assert page.index("What was put in") < page.index("What was measured") < page.index("A study")
    assert "It joined." in page
    with pytest.raises(UsageError, match="--overwrite"):
        demo.run_demo(folder)


@pytest.mark.usefixtures("fake_simulate")
def test_a_patient_that_cannot_be_simulated_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "sub-01").touch()  # a file where a folder must be
    monkeypatch.setattr(demo, "prepare_folder", lambda folder, *, overwrite: None)
    with pytest.raises(ImageError, match="simulate-01 failed"):
        demo.run_demo(tmp_path)


def test_a_study_that_cannot_be_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_studies, "STUDIES", ("absent.study.yaml",))
    with pytest.raises(TableError, match=r"study-absent failed: .*absent") as told:
        demo_studies.run_studies(tmp_path, Capacity(2, 1), Silent())
    assert Path(str(told.value).rpartition("Read ")[2]).is_file()  # its log


def test_only_an_earlier_demo_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "bids" / "sub-01"
    mine.mkdir(parents=True)
    with pytest.raises(UsageError, match="no demo made"):
        demo.prepare_folder(tmp_path, overwrite=True)
    assert mine.is_dir()
    (tmp_path / demo.RECORD).write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")
    demo.prepare_folder(tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(UsageError, match="is a file"):
        demo.prepare_folder(tmp_path / "notes.txt", overwrite=True)


def test_the_same_seed_simulates_the_same_patients(tmp_path: Path, fake_simulate) -> None:
    def digest(name: str, seed: int) -> str:
        job = demo.SimulateJob(0, seed, tmp_path / name, tmp_path / name / "truth")
        files = fake_simulate.fake_simulate_job(job, print)
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    assert digest("a", 1) == digest("b", 1)
    assert digest("c", 2) != digest("a", 1)


def test_both_papers_are_audited(tmp_path: Path) -> None:
    (section,) = audit_papers(tmp_path)
    for name in ("intrathecal-outcomes-2023", "mri-phenotypes-2021"):
        assert f'href="audits/{name}/audit.html"' in section.body
        assert (tmp_path / "audits" / name / "audit.html").is_file()
    assert "Cyclophosphamide" in section.body
    assert "question to the authors" in section.body
