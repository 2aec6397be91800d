"""Simulated error rates: what is drawn, what is judged, and that no effect is found at about alpha."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import value

from neurolupus.io.yamlfile import read_yaml
from neurolupus.study.check import check_table
from neurolupus.study.parse import parse_study
from neurolupus.study.run import full_context
from neurolupus.study.run.power import power_part
from neurolupus.study.run.power_cohort import made_up_frames
from neurolupus.study.run.power_study import needed_study
from neurolupus.study.schema.extras import Power
from neurolupus.study.simulate import simulate_cohort

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def context_of_example(name):
    study = parse_study(read_yaml(EXAMPLES / f"{name}.study.yaml"))
    population = check_table(study, simulate_cohort(study, screened=False).as_table())
    return full_context(study, population.frame)


@pytest.fixture(scope="module")
def intrathecal():
    return context_of_example("intrathecal")


@pytest.mark.slow
def test_only_what_the_judged_analyses_use_is_drawn(intrathecal):
    study = needed_study(intrathecal.study, Power(of=("km",)))
    assert set(study.models) == {"km"}
    assert set(study.match) == {"psm"}
    assert "sledai" in study.variables  # a covariate of the score
    assert "hospital_days" not in study.variables


def test_every_cohort_has_the_sizes_of_the_arms(intrathecal):
    power = Power(of=("km",), runs=5)
    frames = list(made_up_frames(intrathecal, power, {"relapse_or_death": 1.0}, np.random.default_rng(1)))
    assert [len(frame) for frame in frames] == [386] * 5
    assert {int((frame["it"] == "1").sum()) for frame in frames} == {194}
    assert not frames[0].equals(frames[1])


@pytest.mark.slow
def test_a_strong_effect_is_found_more_often_than_none(intrathecal):
    power = Power(
        of=("adj",), runs=40, scenarios={"none": {"relapse_or_death": 1.0}, "strong": {"relapse_or_death": 0.2}}
    )
    context = replace(intrathecal, study=replace(intrathecal.study, power=power))
    part = power_part(context, lambda step: None)
    none, strong = (value(part, f"power.{s}.adj.full.it.rate") for s in ("none", "strong"))
    assert none < 0.25  # 0.05 within the error of 40 cohorts
    assert strong > 0.85


def test_the_example_on_brain_volumes_can_be_judged_too():
    context = context_of_example("mri-phenotypes")
    power = Power(of=("volumes",), runs=3, scenarios={"none": {"wm": 0.0}})
    context = replace(context, study=replace(context.study, power=power))
    part = power_part(context, lambda step: None)
    assert part.blocks
    assert 0 <= value(part, "power.none.volumes.full.protocol.inf_vs_non.wm.rate") <= 1


def test_without_a_word_on_how_to_draw_patients_it_is_told(intrathecal):
    study = replace(intrathecal.study, simulate=None)
    part = power_part(replace(intrathecal, study=study), lambda step: None)
    assert "no simulate: section" in part.warnings[0].text
