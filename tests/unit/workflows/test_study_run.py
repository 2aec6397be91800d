"""`study run` as a workflow: what holds around the analysis."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from neurolupus.errors import UsageError
from neurolupus.workflows import study_run
from neurolupus.workflows.study_simulate import simulate

MRI = Path(__file__).parents[3] / "examples" / "mri-phenotypes.study.yaml"


def test_the_analysis_runs_on_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # sums of another number of threads differ in their last digits, and results are to be the same on any machine
    simulate(MRI, tmp_path / "cohort.csv", n=60, seed=1)
    seen = []

    def run_study(*_: object, **__: object) -> SimpleNamespace:
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        raise UsageError("enough was seen")

    monkeypatch.setattr(study_run, "run_study", run_study)
    with threadpool_limits(2), pytest.raises(UsageError, match="enough"):
        study_run.run_study_file(MRI, tmp_path / "out", data=tmp_path / "cohort.csv")
    assert set(seen) == {1}
