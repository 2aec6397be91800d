"""2D and 3D FLAIR in one cohort are told to a study of hyperintensities that does not know of them."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import HEAD, patients, population_of, results_of, said

from neurolupus.io.yamlfile import parse_yaml
from neurolupus.study.parse import parse_study

FIELD = "  flair_dim: {type: nominal, levels: [2D, 3D], role: other, derive: {is_3d: == 3D}}\ngroups:"
LESIONS = "models:\n  lesions: {type: linear, outcomes: [wmh], adjust: {primary: [age]}}\n"
RISK = "outcomes:\n  ill: {type: binary}\nmodels:\n  risk: {type: logistic, outcome: ill, terms: [arm, wmh]}\n"
GREY = "models:\n  grey: {type: linear, outcomes: [gm], adjust: {primary: [age]}}\n"


def cohort(**columns):
    frame = patients().assign(flair_dim=np.resize(["2D", "2D", "3D"], 120), ill=np.resize([0, 1, 1, 0, 1], 120))
    return frame.assign(**columns)


def notes(text, frame=None, head=HEAD):
    study = parse_study(parse_yaml(head + text, "toy.yaml"))
    told = population_of(study, cohort() if frame is None else frame).notes
    return [note for note in told if "FLAIR" in note]


@pytest.mark.parametrize(("text", "model"), [(LESIONS, "lesions"), (RISK, "risk")])
def test_a_model_of_hyperintensities_that_does_not_know_is_told_with_both_counts(text, model):
    (note,) = notes(text)
    assert "80 FLAIR images are 2D and 40 are 3D" in note
    assert f"the model {model} takes hyperintensities without flair_dim" in note
    assert "16 to 29 % (CV)" in note
    assert "Declare flair_dim" in note


def test_it_reaches_the_page():
    assert "80 FLAIR images are 2D" in said(results_of(LESIONS, cohort()))


def test_patients_who_are_left_out_are_not_counted():
    flow = "flow: {steps: [{drop: age > 60, label: Old}]}\n"
    frame = cohort()
    (note,) = notes(flow + LESIONS, frame)
    kept = frame[frame.age <= 60].flair_dim.value_counts()
    assert f"{kept['2D']} FLAIR images are 2D and {kept['3D']} are 3D" in note
    assert kept.sum() < 120


@pytest.mark.parametrize(
    "frame",
    [
        cohort(flair_dim="2D"),
        cohort(flair_dim=np.resize(["3D", None, "none"], 120)),
        patients(),
    ],
    ids=["2D alone", "3D or not known", "no such column"],
)
def test_one_kind_of_flair_is_no_matter(frame):
    assert notes(LESIONS, frame) == []


def test_other_volumes_are_no_matter():
    assert notes(GREY) == []


@pytest.mark.parametrize(
    "text",
    [
        LESIONS.replace("[age]", "[age, flair_dim]"),
        LESIONS.replace("[age]", "[age], protocol: [age, is_3d]"),
        LESIONS + "sensitivity: {flair: {add: flair_dim, rerun: [lesions]}}\n",
        LESIONS + "sensitivity: {flair: {keep: flair_dim == 3D, rerun: [lesions]}}\n",
        RISK.replace("wmh]", "wmh, is_3d]"),
        RISK.replace("wmh]", "wmh], cohort: psm") + "match: {psm: {covariates: [age], exact: [flair_dim]}}\n",
    ],
    ids=["term", "a second set", "added", "one kind alone", "derived", "matched on"],
)
def test_a_study_that_takes_account_of_it_is_told_nothing(text):
    assert notes(text, head=HEAD.replace("groups:", FIELD)) == []


@pytest.mark.parametrize(
    "text",
    [
        LESIONS,
        LESIONS + "  other: {type: linear, outcomes: [gm], adjust: {primary: [flair_dim]}}\n",
        LESIONS.replace("models:\n", "models:\n  " + GREY.partition("\n  ")[2])
        + "sensitivity: {flair: {add: flair_dim, rerun: [grey]}}\n",
    ],
    ids=["declared alone", "in another model", "added to another model"],
)
def test_to_declare_it_or_use_it_elsewhere_is_not_enough(text):
    (note,) = notes(text, head=HEAD.replace("groups:", FIELD))
    assert "Add flair_dim to the terms" in note


@pytest.mark.parametrize(
    "variable",
    [
        "  load: {column: wmh_deep_ml, role: outcome}\ngroups:",
        "  load: {label: White matter hyperintensities, role: outcome}\ngroups:",
        "  wmh_expected_ml: {role: outcome}\ngroups:",
    ],
    ids=["column", "label", "name"],
)
def test_hyperintensities_are_known_by_name_column_or_label(variable):
    name = variable.split(":")[0].strip()
    frame = cohort(**{column: np.arange(120.0) % 17 for column in ("wmh_deep_ml", "load", "wmh_expected_ml")})
    assert len(notes(LESIONS.replace("[wmh]", f"[{name}]"), frame, HEAD.replace("groups:", variable))) == 1
