"""What a study file declares is what is done: values of yes/no variables, unknown arms, time zero, imputation."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_run
from a_run import context_of, patients, population_of, said, study_of, value

from neurolupus.errors import StudyFileError
from neurolupus.stats.imputation import match_predictive_mean
from neurolupus.study.run.cohorts import made_cohorts, make_cohort
from neurolupus.study.run.cox_fit import cox_rows, se_kind
from neurolupus.study.run.impute import filled_names, imputed_part
from neurolupus.study.run.kaplan_meier import fit_curves
from neurolupus.study.run.linear import linear_part
from neurolupus.study.run.logistic import odds_part
from neurolupus.study.run.models import model_part
from neurolupus.study.run.outcomes import binary_of
from neurolupus.study.run.sensitivity import sensitivity_part
from neurolupus.study.run.subgroups import subgroups_part
from neurolupus.study.run.table1 import table1_part
from neurolupus.study.schema.models import Cox

SEX = "  sex: {label: Sex, type: binary, levels: {F: Female, M: Male}}\n"
SCORE = '  score: {label: Score, type: binary, levels: {1: "No", 2: "Yes"}}\n'
SURVIVAL = """
outcomes:
  death: {type: time_to_event, time: years, event: died}
"""


def coded(frame):
    """Sex as letters, and a score of 1 for no and 2 for yes."""
    score = np.where(np.arange(len(frame)) % 3 == 0, "2", "1")
    return frame.assign(sex=np.where(frame.male == 1, "M", "F"), score=score)


@pytest.fixture
def with_levels(monkeypatch):
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("groups:\n", SEX + SCORE + "groups:\n"))


def timed(n=200, seed=5, **columns):
    frame = patients(n=n, seed=seed)
    rng = np.random.default_rng(seed)
    time = rng.exponential(4, n).round(3)
    return frame.assign(years=time, died=(rng.random(n) < 0.6).astype(int), **columns)


@pytest.mark.parametrize(
    ("condition", "leaves"),
    [
        ("sex == M", lambda f: f.sex != "M"),
        ("sex != F", lambda f: f.sex != "M"),
        ("score == 1", lambda f: f.score != "1"),
        ("score in {2}", lambda f: f.score != "2"),
        ("score == 2 and sex == F", lambda f: ~((f.score == "2") & (f.sex == "F"))),
        ("sex", lambda f: f.sex != "M"),
    ],
)
def test_a_condition_gives_the_declared_values_of_a_yes_no_variable(with_levels, condition, leaves):
    frame = coded(patients(n=90))
    study = study_of(f'flow: {{steps: [{{drop: "{condition}", label: left}}]}}')
    stays = leaves(frame).to_numpy()
    assert population_of(study, frame).n == stays.sum() > 0
    everybody = study_of(f'derived: {{one: {{is: "{condition}"}}}}')
    assert (population_of(everybody, frame).frame.one.to_numpy() == ~stays).all()


def test_a_derivation_of_the_variable_itself_gives_them_too(monkeypatch):
    text = SEX.replace("}}", '}, derive: {man: "== M"}}')
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("groups:\n", text + "groups:\n"))
    frame = coded(patients(n=90))
    assert (population_of(study_of(""), frame).frame.man == (frame.sex == "M")).all()


@pytest.mark.parametrize("condition", ["sex == 1", "score == 0", "male == 2", "male == maybe"])
def test_a_value_that_is_not_declared_is_a_fault(with_levels, condition):
    with pytest.raises(StudyFileError, match="is no value of"):
        study_of(f"flow: {{steps: [{{drop: {condition}, label: left}}]}}")


@pytest.mark.parametrize("condition", ["male == yes", "male == 1", "male == true"])
def test_the_words_of_a_plain_yes_no_variable_mean_the_same(condition):
    frame = patients(n=90)
    study = study_of(f"flow: {{steps: [{{drop: {condition}, label: left}}]}}")
    assert population_of(study, frame).n == (frame.male == 0).sum()


def test_a_binary_outcome_of_its_own_column_has_the_odds_ratio_of_its_second_level():
    frame = patients(n=300)
    rng = np.random.default_rng(8)
    better = rng.random(300) < 1 / (1 + np.exp(0.5 - 0.9 * frame["it"]))
    frame = frame.assign(reply=np.where(better, "good", "bad"), code=np.where(better, "2", "1"))
    fit = sm.Logit(better.astype(float), sm.add_constant(frame[["it"]].astype(float))).fit(disp=0)
    models = "models: {{m: {{type: logistic, outcome: o, terms: [arm]}}}}\noutcomes: {{o: {{type: binary, {}}}}}"
    for declared in ("column: reply, levels: [bad, good]", 'column: code, levels: {1: "No", 2: "Yes"}'):
        context = context_of(models.format(declared), frame)
        part = odds_part(context, context.study.models["m"])
        assert value(part, "m.full.arm.odds_ratio") == pytest.approx(np.exp(fit.params["it"]), rel=1e-6)


def test_a_binary_outcome_may_turn_a_variable_round(with_levels):
    frame = coded(patients(n=60))
    text = "outcomes: {woman: {type: binary, column: sex, levels: [M, F]}, man: {type: binary, column: sex}}"
    context = context_of(text, frame)
    assert (binary_of(context, context.full.frame, "woman") == (frame.sex == "F")).all()
    assert (binary_of(context, context.full.frame, "man") == (frame.sex == "M")).all()


def test_patients_who_end_at_time_zero_are_in_the_model():
    frame = timed()
    frame.loc[:4, "years"] = 0.0
    context = context_of(SURVIVAL + "models: {m: {type: cox, outcome: death, terms: [arm, age]}}", frame)
    part = model_part(context, context.study.models["m"])
    (n,) = {one.n for one in part.numbers if one.id == "m.full.arm.hazard_ratio"}
    assert n == len(frame)
    chosen = cox_rows(context, context.study.models["m"], context.full, ["arm"], since=1.0)
    assert chosen.data.n == (frame.years > 1).sum()


def test_an_unknown_arm_or_beginning_is_no_control_at_a_landmark(monkeypatch):
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("reference: 0}", "reference: 0, starts: began}"))
    frame = timed()
    frame["it"] = frame["it"].astype(object)
    frame["began"] = np.where(frame["it"] == 1, 0.5, np.nan)
    frame.loc[[1, 3], "began"] = np.nan  # treated, and it is not known since when
    frame.loc[[5, 7], "began"] = 3.0  # treated later than the landmark
    frame.loc[[9, 11], "it"] = None
    frame["years"] += 1.5
    model = "models: {m: {type: cox, outcome: death, terms: [arm]}, k: {type: kaplan_meier, outcome: death, by: arm}}"
    context = context_of(SURVIVAL + model, frame)
    chosen = cox_rows(context, context.study.models["m"], context.full, ["arm"], since=1.0)
    exposed = chosen.data.design[:, 0]
    assert (len(exposed), int(exposed.sum())) == (196, 94)
    curves = fit_curves(context, context.study.models["k"], context.full, since=1.0)
    assert [len(arm.time) for arm in curves.arms] == [102, 94]
    assert curves.n_dropped == 4


def test_an_unknown_arm_is_no_control_of_a_subgroup():
    frame = timed()
    frame["it"] = frame["it"].astype(object)
    frame.loc[:19, "it"] = None
    text = SURVIVAL + "subgroups: {outcome: death, of: [male], min_events_per_arm: 1, interaction_test: false}"
    context = context_of(text, frame)
    part = subgroups_part(context, context.study.subgroups["subgroups"])
    rest = frame.iloc[20:]
    tables = [block for block in part.blocks if hasattr(block, "notes")]
    rows = {row.cells[0].text: row.cells[1].text for table in tables for row in table.rows if len(row.cells) > 1}
    controls = rest[(rest["it"] == 0) & (rest.male == 0)]
    assert rows["No"] == f"{controls.died.sum()} / {len(controls)}"
    assert "tests of interaction" not in part.methods[0].text


def test_a_missing_code_is_known_as_number_too():
    frame = patients(n=60)
    text = [f"{value:.1f}" for value in frame.age]
    text[:3] = ["999.0", "999", " 999.00"]
    head = a_run.HEAD.replace("age: {label: Age,", "age: {label: Age, missing: [999],")
    study = a_run.parse_study(a_run.parse_yaml(head, "toy.yaml"))
    found = population_of(study, frame.assign(age=pd.Series(text, dtype=object))).frame.age
    assert found.isna().sum() == 3
    assert found.max() < 200


IMPUTED = """
derived: {older: {is: age > 45, label: Older}}
outcomes:
  better: {type: binary}
  swelling: {type: change, before: first, after: second}
  death: {type: time_to_event, time: years, event: died}
match: {psm: {covariates: [male], exact: [drug]}}
weights: {iptw: {kind: iptw, covariates: [wm, gm]}}
models:
  odds: {type: logistic, outcome: better, terms: [arm, age]}
  flag: {type: logistic, outcome: male, terms: [arm, age]}
  risk: {type: cox, outcome: death, terms: [arm, older], strata: drug, cohort: [full, iptw]}
  pairs: {type: cox, outcome: death, terms: [arm], cohort: psm}
  swell: {type: change, outcomes: [swelling]}
sensitivity:
"""


def related(n=400, seed=2):
    """Age decides the outcome; two thirds of those who did badly have no age."""
    frame = timed(n=n, seed=seed)
    rng = np.random.default_rng(seed)
    better = rng.random(n) < 1 / (1 + np.exp(-(frame.age - 40) / 8 - 0.5 * frame["it"]))
    frame = frame.assign(better=better.astype(int), first=rng.normal(5, 1, n).round(2))
    frame["second"] = (frame["first"] - 0.5 * frame["it"] + rng.normal(0, 0.5, n)).round(2)
    frame["age"] = frame.age.where(rng.random(n) > np.where(better, 0.05, 0.6))
    return frame


def names_of(model, frame):
    context = context_of(IMPUTED + f"  s: {{impute: {{m: 2, iterations: 2}}, rerun: [{model}]}}\n", frame)
    return filled_names(context, [context.study.models[model]], context.study.sensitivity["s"])


def test_everything_that_a_model_and_its_cohorts_use_is_filled():
    frame = related()
    assert set(names_of("risk", frame)[0]) == {"arm", "age", "drug", "wm", "gm"}
    assert names_of("risk", frame)[1] == ["older"]
    assert set(names_of("pairs", frame)[0]) == {"arm", "male", "drug"}
    assert set(names_of("swell", frame)[0]) == {"arm", "first", "second"}


@pytest.mark.parametrize(("model", "outcome"), [("odds", "better"), ("flag", "male")])
def test_a_yes_no_outcome_predicts_what_is_filled(model, outcome):
    frame = related(n=1200)
    rng = np.random.default_rng(1)
    whole = pd.Series(rng.normal(40, 10, 1200).round(1))
    chance = 1 / (1 + np.exp(-(whole - 40) / 6))
    frame[outcome] = (rng.random(1200) < chance).astype(int)
    frame["age"] = whole.where(rng.random(1200) > 0.5)  # half lost completely at random
    text = IMPUTED + f"  s: {{impute: {{m: 10, iterations: 3}}, rerun: [{model}]}}\n"
    context = context_of(text, frame)
    part = imputed_part(context, context.study.sensitivity["s"], "filled")
    complete = frame.dropna(subset="age")
    fit = sm.Logit(complete[outcome], sm.add_constant(complete[["it", "age"]].astype(float))).fit(disp=0)
    # without the outcome among the predictors half of the ages are noise and the slope falls to about a half
    found = np.log(value(part, f"sensitivity.s.{model}.full.age.odds_ratio"))
    assert found == pytest.approx(fit.params["age"], abs=2.5 * fit.bse["age"])
    assert found > 0.8 * fit.params["age"]


def test_what_is_derived_agrees_with_what_is_filled():
    from neurolupus.study.run import impute

    frame = related()
    text = IMPUTED + "  s: {impute: {m: 2, iterations: 2, using: [age]}, rerun: [risk]}\n"
    context = context_of(text, frame)
    spec = context.study.sensitivity["s"]
    names, remade = filled_names(context, [context.study.models["risk"]], spec)
    table, terms = impute._chain_table(context, [context.study.models["risk"]], names)
    for completed in impute.impute(table, terms, m=2, rng=np.random.default_rng(1), iterations=2).frames:
        done = impute._filled(replace(context), completed, names, remade).full.frame
        assert done.age.notna().all()
        assert (done.older == (done.age > 45)).all()


def test_rows_alike_in_every_predictor_share_all_their_donors():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(800), rng.integers(0, 2, 800), rng.integers(0, 2, 800)]).astype(float)
    y = rng.normal(0, 1, 800) + x[:, 1] + 3 * x[:, 2]
    missing = np.repeat(np.unique(x, axis=0), 150, axis=0)
    found = match_predictive_mean(y, x, missing, np.random.default_rng(1))
    for cell in np.unique(x, axis=0):
        drawn = found[(missing == cell).all(axis=1)]
        pool = y[(x == cell).all(axis=1)]
        assert np.isin(drawn, pool).all()
        # 150 draws with replacement of about 200 rows hold about 200 (1 - exp(-150 / 200)) different ones
        expected = len(pool) * (1 - np.exp(-150 / len(pool)))
        assert len(np.unique(drawn)) == pytest.approx(expected, rel=0.15)


REFUSED = """
outcomes:
  death: {type: time_to_event, time: years, event: died}
  swelling: {type: change, before: first, after: second}
match: {psm: {covariates: [age]}}
weights: {iptw: {kind: iptw, covariates: [age]}}
subgroups: {parts: {outcome: death, of: [male]}}
models:
  risk: {type: cox, outcome: death, terms: [arm, age]}
  each: {type: cox, outcome: death, each: [arm, age]}
  km: {type: kaplan_meier, outcome: death, by: arm}
  swell: {type: change, outcomes: [swelling]}
  volumes: {type: linear, outcomes: [gm]}
sensitivity:
"""


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{impute: {m: 5}, drop: male, rerun: [risk]}", "impute and drop stand together"),
        ("{impute: {m: 5}, rerun: [parts]}", "'parts' is a set of subgroups, which impute does not run again"),
        ("{bootstrap: 50, remove: [age], rerun: [risk]}", "bootstrap and remove stand together"),
        ("{bootstrap: {of: arm}, rerun: [risk]}", "'arm' is no name in match: or weights:"),
        ("{add: [male], rerun: [km]}", "'km' has no list of terms to add to"),
        ("{add: [male], rerun: [each]}", "'each' has no list of terms to add to"),
        ("{add: [male], rerun: [parts]}", "'parts' has no list of terms to add to"),
        ("{remove: [gm], rerun: [risk]}", "'gm' is a term of none of the models"),
        ("{instead_of: full, use: [iptw], rerun: [swell]}", "'iptw' is weighted"),
    ],
)
def test_what_a_sensitivity_analysis_would_ignore_is_refused(entry, told):
    with pytest.raises(StudyFileError, match=told):
        study_of(REFUSED + f"  s: {entry}\n")


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("m: {type: cox, outcome: death, each: [arm], evalue: arm}", "evalue belongs to a model of 'terms'"),
        ("m: {type: cox, outcome: death, each: [arm], landmark: 1}", "landmark belongs to a model of 'terms'"),
        ("m: {type: cox, outcome: death, terms: [arm, drug], evalue: drug}", "an E-value is of one hazard ratio"),
        ("m: {type: change, outcomes: [swelling], cohort: iptw}", "changes are compared without weights"),
        (
            "m: {type: linear, outcomes: [gm], by: three, contrast_model: joint, cohort: [full, iptw]}",
            "each contrast has a model of its own",
        ),
    ],
)
def test_what_a_model_would_ignore_is_refused(models, told, monkeypatch):
    group = "  three: {column: phase, levels: [a, b, c]}\n"
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD + group)
    text = REFUSED.partition("subgroups:")[0].replace("{covariates: [age]}", "{exposure: arm, covariates: [age]}")
    text = text.replace("kind: iptw,", "kind: iptw, exposure: arm,")
    by = "" if "by:" in models or "cox" in models else ", by: arm"
    with pytest.raises(StudyFileError, match=told):
        study_of(text + f"models: {{{models[:-1]}{by}}}}}\n")


def test_a_test_of_another_kind_of_variable_is_refused(monkeypatch):
    for name, test, told in (("age", "fisher", "counts levels"), ("male", "welch", "compares numbers")):
        head = a_run.HEAD.replace(f"{name}: {{label:", f"{name}: {{test: {test}, label:")
        with pytest.raises(StudyFileError, match=told):
            a_run.parse_study(a_run.parse_yaml(head, "toy.yaml"))


def test_one_column_read_in_two_ways_is_refused():
    one, other = "type: binary, column: reply, levels: [no, yes]", "type: nominal, column: reply, levels: [x, y]"
    text = f"outcomes: {{a: {{{one}}}, b: {{{other}}}}}"
    with pytest.raises(StudyFileError, match="read in another way"):
        study_of(text)


def test_subgroups_are_run_again_in_the_weighted_cohort():
    frame = timed()
    text = (
        "outcomes: {death: {type: time_to_event, time: years, event: died}}\n"
        "match: {psm: {covariates: [age]}}\nweights: {iptw: {kind: iptw, covariates: [age]}}\n"
        "subgroups: {parts: {outcome: death, of: [male], cohort: psm, min_events_per_arm: 1}}\n"
        "sensitivity: {s: {instead_of: psm, use: [iptw], rerun: [parts]}}\n"
    )
    context = context_of(text, frame)
    cohorts, _ = made_cohorts(context)
    part = sensitivity_part(replace(context, cohorts=cohorts), lambda name: None)
    paths = {one.id for one in part.numbers}
    assert any(path.startswith("sensitivity.s.iptw.parts.iptw.") for path in paths), sorted(paths)[:5]


def test_after_matching_with_replacement_errors_are_of_patients_not_of_the_first_set():
    frame = timed(n=200)
    frame["it"] = (np.arange(200) % 4 > 0).astype(int)  # three treated for each control: controls must serve twice
    context = context_of(SURVIVAL + "match: {psm: {covariates: [age], replace: true}}", frame)
    made = make_cohort(context, "psm")
    assert made.cohort.pairs is None
    assert made.cohort.weights.max() > 1
    assert se_kind(Cox(outcome="death"), made.cohort) == "robust"


def test_patients_without_the_variable_of_an_exact_match_are_counted_not_matched():
    frame = timed(n=200)
    frame.loc[:9, "drug"] = None
    context = context_of(SURVIVAL + "match: {psm: {covariates: [age], exact: [drug]}}", frame)
    made = make_cohort(context, "psm")
    assert made.cohort.frame.drug.notna().all()
    assert any("10 patients without Drug could not be matched exactly" in note for note in made.notes)


def test_each_match_is_judged_by_its_own_score_and_balance():
    text = (
        "match:\n  one: {covariates: [age], caliper: 0.2}\n"
        "  two: {covariates: [male, gm], caliper: 0.2, balance: {warn_smd: 0.01, rows: covariates}}\n"
    )
    context = context_of(SURVIVAL + text, timed())
    _, part = made_cohorts(context)
    tables = {block.title: block for block in part.blocks if hasattr(block, "rows") and block.title.startswith("Bal")}
    labels = [[row.cells[0].text for row in table.rows if len(row.cells) > 1] for table in tables.values()]
    assert len(labels) == 2
    assert [one for one in labels[0] if one.endswith(" *")] == ["Age *"]
    assert sorted(labels[1]) == ["Grey *", "Male *"]
    ids = [one.id for one in part.numbers]
    assert len(ids) == len(set(ids))
    assert "|SMD| > 0.01" in said(part)


def test_a_level_that_nobody_has_leaves_the_model_and_is_said():
    frame = timed()
    frame["drug"] = np.where(frame.drug == "none", "mmf", frame.drug)
    context = context_of(SURVIVAL + "models: {m: {type: cox, outcome: death, terms: [arm, drug]}}", frame)
    part = model_part(context, context.study.models["m"])
    assert "nobody has None" in said(part)
    assert "m.full.drug[mmf].hazard_ratio" in {one.id for one in part.numbers}
    frame["drug"] = np.where(frame.drug == "cyc", "mmf", frame.drug)
    frame.loc[:50, "drug"] = "none"
    context = context_of(SURVIVAL + "models: {m: {type: cox, outcome: death, terms: [arm, drug]}}", frame)
    assert "nobody has the reference level Cyclophosphamide" in said(model_part(context, context.study.models["m"]))


def test_strata_and_landmarks_are_said():
    text = "models: {m: {type: cox, outcome: death, terms: [arm, age], strata: male, landmark: 1}}"
    context = context_of(SURVIVAL + text, timed())
    part = model_part(context, context.study.models["m"])
    words = " ".join(one.text for one in part.methods)
    assert "Each level of Male had a baseline hazard of its own" in words
    assert "from a landmark on (1)" in words
    notes = [note for block in part.blocks if hasattr(block, "notes") for note in block.notes]
    assert any("stratified by Male" in note for note in notes)


def test_a_match_made_again_shows_its_own_balance():
    text = (
        "match: {psm: {covariates: [male], caliper: 0.2}}\n"
        "models: {m: {type: cox, outcome: death, terms: [arm], cohort: psm}}\n"
        "sensitivity: {more: {rematch: {covariates: {with: [age]}}, rerun: [m]}}\n"
    )
    context = context_of(SURVIVAL + text, timed())
    cohorts, _ = made_cohorts(context)
    part = sensitivity_part(replace(context, cohorts=cohorts), lambda name: None)
    own = make_cohort(replace(context, study=_with_age(context.study)), "psm").cohort.frame
    spread = np.sqrt(np.mean([context.full.frame.age[context.full.frame.arm == arm].var() for arm in ("0", "1")]))
    difference = own.age[own.arm == "1"].mean() - own.age[own.arm == "0"].mean()
    found = value(part, "sensitivity.more.balance.psm.age.smd")
    assert found == pytest.approx(difference / spread, rel=0.05)  # of the full cohort; pooled or of all differ little
    (table,) = [block for block in part.blocks if getattr(block, "id", "") == "sensitivity-more-balance"]
    assert "Age *" in [row.cells[0].text for row in table.rows]


def _with_age(study):
    return replace(study, match={"psm": replace(study.match["psm"], covariates=("male", "age"))})


def test_a_matched_cohort_with_weights_has_no_unweighted_tests():
    text = (
        "table1: {by: arm, rows: [age, male], cohorts: [full, one, two], p_in_matched: true}\n"
        "match: {one: {covariates: [age]}, two: {covariates: [age], ratio: 2}}\n"
    )
    frame = timed()
    frame["it"] = (np.arange(200) % 4 == 0).astype(int)
    context = context_of(SURVIVAL + text, frame)
    cohorts, _ = made_cohorts(context)
    part = table1_part(replace(context, cohorts=cohorts), context.study.table1[0])
    tested = {one.id.split(".")[1] for one in part.numbers if one.id.endswith("p_value") and one.value is not None}
    assert tested == {"full", "one"}


def test_joint_linear_models_say_that_matched_sets_are_not_used():
    model = "{type: linear, outcomes: [gm], cohort: [full, one], contrast_model: joint}"
    text = f"match: {{one: {{covariates: [age]}}}}\nmodels: {{m: {model}}}\n"
    context = context_of(SURVIVAL + text, timed())
    cohorts, _ = made_cohorts(context)
    told = linear_part(replace(context, cohorts=cohorts), context.study.models["m"]).warnings
    assert sum("no account of the matched sets" in one.text for one in told) == 1
