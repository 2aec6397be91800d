"""The user's words made into an executor and limits: sensible by default, refused where they contradict one another."""

import sys
from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.workflows import capacity, execution
from neurolupus.workflows.capacity import Capacity, physical_memory_mb
from neurolupus.workflows.execution import Execution, cautions, limits_of, make_executor


def test_a_scan_may_take_its_share_of_the_machine_and_never_less_than_a_scan_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execution, "physical_memory_mb", lambda: 32 * 1024)
    assert limits_of(Execution(), Capacity(4, 2)).memory_mb == pytest.approx(0.9 * 32 * 1024 / 4)
    assert limits_of(Execution(), Capacity(64, 2)).memory_mb == 4096
    assert limits_of(Execution("dask"), Capacity(64, 2)).memory_mb == 4096
    assert limits_of(Execution(mem_gb=1.5), Capacity(4, 2)).memory_mb == 1536


def test_methods_of_ones_own_have_their_time_on_top_unless_a_time_is_given() -> None:
    assert limits_of(Execution(), Capacity(1, 1)).seconds == 3600
    assert limits_of(Execution(), Capacity(1, 1), method_minutes=120).seconds == 3 * 3600
    assert limits_of(Execution(minutes=5), Capacity(1, 1), method_minutes=120).seconds == 300


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"executor": "condor"}, "choose local, dask, slurm"),
        ({"mem_gb": 0}, "--mem-gb is 0"),
        ({"minutes": -1}, "--minutes is -1"),
        ({"tries": 0}, "--tries is 0"),
        ({"dask_address": "tcp://127.0.0.1:1"}, "Add --executor dask"),
    ],
)
def test_words_that_make_no_sense_are_refused(words: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Execution(**words)  # type: ignore[arg-type]


def test_a_missing_dask_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'neurolupus\[dask\]'"):
        make_executor(Execution("dask"), Capacity(1, 1))


@pytest.mark.parametrize(
    ("address", "is_told"),
    [
        ("tcp://10.0.0.7:8786", True),
        ("tls://10.0.0.7:8786", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:1", False),
    ],
)
def test_a_scheduler_that_others_can_reach_is_cautioned_against(address: str, is_told: bool) -> None:
    assert bool(cautions(Execution("dask", dask_address=address))) == is_told
    assert cautions(Execution()) == ()


def test_the_memory_of_a_container_counts_where_it_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(capacity, "CGROUP_LIMITS", (limit,))
    whole = physical_memory_mb()
    assert whole is not None
    limit.write_text("max\n")
    assert physical_memory_mb() == whole
    limit.write_text(f"{512 * 1024**2}\n")
    assert physical_memory_mb() == 512
    limit.write_text(f"{10**15}\n")
    assert physical_memory_mb() == whole
