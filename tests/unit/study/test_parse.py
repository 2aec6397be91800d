"""Study files: everything right is understood, everything wrong is told at once with its line."""

import contextlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from study_texts import SMALL, parsed

from neurolupus.errors import StudyFileError
from neurolupus.io.yamlfile import parse_yaml
from neurolupus.study.parse import SECTIONS, parse_study
from neurolupus.study.schema.models import Cox, KaplanMeier, Linear
from neurolupus.study.schema.outcomes import TimeToEvent
from neurolupus.study.schema.variables import Level

HEAD = "study: {id: s, title: S}\n"


def faults(text: str) -> list[str]:
    with pytest.raises(StudyFileError) as error:
        parsed(text)
    assert error.value.exit_code == 10
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_the_small_study_is_understood() -> None:
    study = parsed()
    model, curve = study.models["adj"], study.models["km"]
    assert isinstance(model, Cox)
    assert isinstance(curve, KaplanMeier)
    assert model.terms == ("it", "high", "seizure")
    assert (curve.by, curve.cohort) == ("it", ("full", "psm"))  # the only group; `matched` is the only match
    assert study.groups["it"].levels == (Level("0", "Control"), Level("1", "Intrathecal"))
    assert study.groups["it"].reference == "0"
    assert study.match["psm"].exposure == "it"
    assert study.match["psm"].caliper is not None
    assert study.match["psm"].caliper.value == 0.2
    assert study.cohorts == ("full", "psm")
    outcome = study.outcomes["relapse"]
    assert isinstance(outcome, TimeToEvent)
    assert outcome.codes == {"relapse": "relapse", "death": "death"}
    assert list(study.fields) == ["it", "age", "male", "prot", "high", "subtypes", "seizure", "headache", "acs",
                                  "n_subtypes", "headache_only", "drug", "cyc_use"]  # fmt: skip
    assert [study.fields[name].kind for name in ("age", "male", "seizure", "n_subtypes", "drug")] == [
        "continuous", "binary", "binary", "continuous", "nominal"]  # fmt: skip
    assert study.rows_of(("all_baseline",)) == (
        "age", "male", "prot", "high", "subtypes", "n_subtypes", "headache_only", "drug", "cyc_use")  # fmt: skip
    assert study.rows_of(("male", "age", "male")) == ("male", "age")


def test_rows_may_name_a_section() -> None:
    study = parsed(
        HEAD + "groups: {g: {levels: [a, b]}}\nvariables: {x: {section: Blood}, y: {}, z: {section: Blood}}\n"
        "table1: {by: g, rows: [y, section: Blood]}"
    )
    assert study.rows_of(study.table1[0].rows) == ("y", "x", "z")


def test_the_column_of_a_group_or_variable_is_its_name() -> None:
    study = parsed(
        HEAD + "groups: {treatment: {column: it, levels: [0, 1]}}\nvariables: {fu: {column: fu_years}, x: {}}\n"
        "outcomes: {o: {type: time_to_event, time: fu_years, event: e}}\n"
        "models: {m: {type: cox, outcome: o, terms: [it, x]}}"
    )
    model, outcome = study.models["m"], study.outcomes["o"]
    assert isinstance(model, Cox)
    assert isinstance(outcome, TimeToEvent)
    assert (model.terms, outcome.time) == (("treatment", "x"), "fu")


def test_a_list_of_levels_is_the_group_that_has_them() -> None:
    study = parsed(
        HEAD + "groups: {dx: {levels: [non, inf, isc], merge: {npsle: [inf, isc]}}, g: {levels: [a, b]}}\n"
        "table1: [{by: [npsle, non], rows: [g]}]"
    )
    assert (study.table1[0].by, study.table1[0].levels) == ("dx", ("npsle", "non"))


def test_one_value_may_stand_for_a_list_and_short_names_for_long_ones() -> None:
    study = parsed(
        SMALL + "  screen: {type: cox, outcome: relapse, each: age, adjust: bh, cohort: full, se: robust}\n"
        "sensitivity: {s: {drop: headache_only, rerun: km}, b: {bootstrap: 50, rerun: [km]}}\n"
    )
    model = study.models["screen"]
    assert isinstance(model, Cox)
    assert (model.each, model.adjust, model.se) == (("age",), "benjamini_hochberg", {"*": "robust"})
    bootstrap = study.sensitivity["b"].bootstrap
    assert bootstrap is not None
    assert (bootstrap.replicates, bootstrap.of) == (50, "")


def test_all_faults_are_told_at_once_in_the_order_of_lines() -> None:
    text = SMALL.replace("terms: [it, high,", "terms: [it, hihg,").replace("range: [0, 110]", "rnge: [0, 110]")
    text = text.replace("outcome: relapse, cohort", "outcome: relaps, cohort").replace("caliper: 0.2", "caliper: wide")
    assert faults(text) == [
        "line 6: 'rnge' is not a key of variables.age. Did you mean 'range'?",
        "line 15: match.psm.caliper is 'wide'; a number is needed.",
        "line 17: models.adj.terms[2]: 'hihg' is no variable, derived variable, label or group. Did you mean 'high'?",
        "line 18: models.km.outcome: 'relaps' is no outcome. Did you mean 'relapse'?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("study: {id: small, ", "study: {", "line 1: study lacks 'id'"),
        ("seed: 1", "seed: 1.5", "study.seed is 1.5; a whole number is needed"),
        ("seed: 1", "seed: one", "study.seed is 'one'; a number is needed"),
        ("seed: 1", "level: 95", "study.level is 95; a share such as 0.95"),
        ("seed: 1", "checklist: strob", "study.checklist 'strob' is unknown. Did you mean 'strobe'?"),
        ("data: {id: patient}", "data: {id: patient, decimal: x}", "data.decimal 'x' is unknown; choose . or ,"),
        ("variables:", "varables:\n  x: {}\nvariables:", "'varables' is not a section of a study file. Did you mean"),
        ("levels: {0: Control, 1: Intrathecal}", "levels: [0]", "has only '0'; at least two levels are needed"),
        ("levels: {0: Control, 1: Intrathecal}", "column: it", "groups.it lacks 'levels'"),
        ("levels: {0: Control, 1: Intrathecal}", "levels: [0, 1], reference: 2", "'2' is no level; choose 0 or 1"),
        ("levels: {0: Control, 1: Intrathecal}", "levels: [0, 1, 2]", "matching and weighting need two"),
        ("levels: {0: Control, 1: Intrathecal}", "levels: [0, 0]", "level '0' stands here twice"),
        ("male: {type: binary}", "male: {type: binay}", "type 'binay' is unknown. Did you mean 'binary'?"),
        ("male: {type: binary}", "male: {type: binary, unit: ml}", "unit belongs to continuous variables"),
        ("male: {type: binary}", "male: {type: binary, levels: [a, b, c]}", "has 3 levels; a binary variable has two"),
        ("male: {type: binary}", "male: {type: nominal}", "is nominal and lacks 'levels'"),
        ("male: {type: binary}", "male: {show: mean_sd, type: binary}", "needs a continuous variable"),
        ("male: {type: binary}", "male: binary", "variables.male is 'binary'; a mapping of"),
        ("range: [0, 110]", "range: [110, 0]", "the lower limit comes first"),
        ("range: [0, 110]", "range: 110", "a list of 2 is needed"),
        ("range: [0, 110]", "range: [0, 50, 110]", "has 3 entries; 2 are needed"),
        ("range: [0, 110]", "range: [0, '110,5']", "write the decimal mark as a point"),
        ("range: [0, 110]", "back: ratio", "needs transform: {fn: log}"),
        ("range: [0, 110]", "column: prot", "column 'prot' is already that of 'age'"),
        ("range: [0, 110]", "derive: {old: about 60}", "'about' was not expected"),
        ("range: [0, 110]", "derive: {old: '> 60 and male'}", "must compare age alone; use derived:"),
        ("range: [0, 110]", "derive: {old: count}", "count belongs to multilabel variables"),
        ("range: [0, 110]", "derive: {male: '> 60'}", "the name 'male' stands already for"),
        ("range: [0, 110]", "derive: {full: '> 60'}", "the name 'full' has a meaning of its own"),
        ("range: [0, 110]", "identity: {sum: a*b}", "multiplies two columns"),
        ("vocabulary: [seizure, headache, acs]", "vocabulary: acr1990", "'acr1990' is unknown. Did you mean 'acr1999'"),
        ("vocabulary: [seizure, headache, acs],", "", "lacks 'vocabulary'"),
        ("== {headache}", "== {headacke}", "'headacke' is no label of subtypes. Did you mean 'headache'?"),
        ("== cyc", "== cyx", "'cyx' is no level of drug. Did you mean 'cyc'?"),
        ("== cyc", "> 3", "needs a continuous variable, and 'drug' is nominal"),
        ("type: time_to_event, ", "", "outcomes.relapse lacks 'type'; choose nominal, binary, time_to_event, change"),
        ("type: time_to_event", "type: tte", "outcomes.relapse.type 'tte' is unknown"),
        ("time: years, ", "", "outcomes.relapse lacks 'time'"),
        ("censored: none", "censored: death", "'death' means both censored and death"),
        ("censored: none", "competing: {relapse: dead}", "'dead' is no component. Did you mean 'death'?"),
        ("covariates: [age, male]", "covariates: [age, it]", "the exposure 'it' cannot be among them"),
        ("covariates: [age, male]", "covariates: [age, age]", "'age' stands here twice"),
        ("covariates: [age, male]", "covariates: [age, subtypes]", "use its labels, such as seizure, headache or acs"),
        ("covariates: [age, male]", "ratio: 0", "lacks 'covariates'"),
        ("caliper: 0.2", "caliper: {value: 0.2, unit: sd}", "match.psm.caliper.unit 'sd' is unknown"),
        ("caliper: 0.2", "ratio: 0", "at least 1 control is needed"),
        ("cohort: [full, matched]", "cohort: [full, psn]", "'psn' is no cohort"),
        ("terms: [it, high, seizure]", "terms: [it, it:high]", "'it:high' is a product of terms"),
        ("terms: [it, high, seizure]", "terms: [it, ...]", "is '...'; write the names out, or use all_baseline"),
        ("terms: [it, high, seizure]", "label: x", "needs either 'terms', one model of all, or 'each'"),
        ("terms: [it, high, seizure]", "terms: [it], evalue: age", "'age' is no term of this model; choose it"),
        ("terms: [it, high, seizure]", "terms: [it], se: {full: cluster_pair}", "'full' has no pairs"),
        ("terms: [it, high, seizure]", "terms: [it], exposure: time_varying", "needs a group with 'starts'"),
        ("terms: [it, high, seizure]", "terms: [it], landmark: 0", "times after time zero are needed"),
        ("type: cox", "type: coxx", "models.adj.type 'coxx' is unknown. Did you mean 'cox'?"),
        ("type: cox, outcome: relapse", "type: linear, outcomes: [male]", "'male' is binary; continuous is needed"),
        ("type: cox, outcome: relapse", "type: cox, outcome: relapse, tems: [it]", "'tems' is not a key of cox"),
    ],
)  # fmt: skip
def test_every_fault_is_told(old: str, new: str, told: str) -> None:
    assert old in SMALL
    assert told in "\n".join(faults(SMALL.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("flow: {start: 10, steps: [{drop: a, expect_dropped: 3}], end: 8}", "is 8, and start and steps leave 7"),
        ("flow: {start: 10, steps: [{drop: a, keep: b}]}", "needs one of keep, drop and keep_keywords"),
        ("flow: {start: 10, steps: [{drop: a, expect_dropped: 3, expect_remaining: 8}]}", "and expect_remaining is 8"),
        ("flow: {start: 10, steps: [{drop: a, expect_dropped: 11}]}", "leaves -1 of 10"),
        ("flow: {start: 10, steps: [{drop: [a, b], expect_dropped: 3, expect_reasons: {a: 1, b: 1}}]}", "add up to 2"),
        ("flow: {start: 10, steps: [{drop: a, reasons: {b: B}}]}", "'b' is no condition of this drop"),
        ("flow: {start: 10, steps: [{drop: age}]}", "'age' is continuous; compare it with a value"),
        ("derived: {d: {is: high or nothing > x}}", "needs a number, and 'x' is none"),
        ("derived: {d: {label: D}}", "needs either 'is', a condition, or 'value', a sum"),
        ("derived: {d: {is: e}, e: {is: d}}", "derived.d is made from itself"),
        ("derived: {d: {value: drug + age}}", "'drug' is nominal"),
        ("table1: {by: it, rows: [age, agee]}", "'agee' is no variable"),
        ("table1: {by: it, rows: {section: Blod}}", "'Blod' is no section of variables"),
        ("table1: {by: [a, b]}", "no group has all these levels"),
        ("weights: {w: {from: psm}}", "weights.w lacks 'kind'; choose iptw or overlap"),
        ("weights: {overlap: {from: psm, trim: 0.01}}", "overlap weights are never extreme"),
        ("weights: {iptw: {from: psn}}", "'psn' is no name in match:. Did you mean 'psm'?"),
        ("weights: {iptw: {covariates: [age], from: psm}}", "needs either 'from'"),
        ("weights: {psm: {kind: iptw, from: psm}}", "the name 'psm' has a meaning already"),
        ("subgroups: {of: [age], outcome: relapse}", "subgroups.of[1]: 'age' is continuous"),
        ("subgroups: {a: {of: [male], outcome: nothing}}", "subgroups.a.outcome: 'nothing' is no outcome"),
        ("sensitivity: {s: {rerun: [km]}}", "changes nothing"),
        ("sensitivity: {s: {drop: headache_only, rerun: [kn]}}", "'kn' is no model or set of subgroups; choose"),
        ("sensitivity: {s: {use: [psm], rerun: [km]}}", "'instead_of' and 'use' belong together"),
        ("sensitivity: {s: {rematch: {covariates: {without: [drug]}}, rerun: [km]}}", "'drug' is no covariate"),
        ("sensitivity: {s: {impute: {m: 1}, rerun: [km]}}", "at least 2 completed tables"),
        ("safety: {events: [age, drug]}", "'drug' is nominal; binary or continuous is needed"),
        ("power: {of: [adj], scenarios: {null: {relaps: 1}}}", "'relaps' is no outcome. Did you mean 'relapse'?"),
        ("power: {of: [adj]}", "power lacks 'scenarios'"),
        ("simulate: {groups: {2: 10}}", "'2' is no level of it; choose 0 or 1"),
        ("simulate: {n: 5, groups: {0: 10, 1: 10}}", "is 5, and the groups have 20"),
        ("simulate: {variables: {age: {share: 0.2}}}", "share does not fit 'age', which is continuous"),
        ("simulate: {variables: {age: {mean_sd: [1, 1], poisson: 2}}}", "has mean_sd and poisson; one is needed"),
        ("simulate: {variables: {age: {median_iqr: [1, 2, 3]}}}", "the median comes first and lies between"),
        ("simulate: {variables: {age: {median_iqr: [1, 2]}}}", "has 2 numbers; 3 are needed"),
        ("simulate: {variables: {male: {share: {0: 0.2}}}}", "says nothing of level '1'"),
        ("simulate: {variables: {male: {share: 20}}}", "is not between 0 and 1"),
        ("simulate: {variables: {seizure: {share: 0.2}}}", "is no column but follows from subtypes"),
        ("simulate: {correlations: [[age, male, 2]]}", "a correlation lies between -1 and 1"),
        ("simulate: {correlations: [[age, mail, 0.2]]}", "'mail' is no variable or label. Did you mean 'male'?"),
        ("simulate: {effects: {relapse: {b: {it: 1}}}}", "b does not belong to a time_to_event"),
        ("simulate: {effects: {relapse: {hazard_ratios: {it: 0}}}}", "a positive number is needed"),
        ("simulate: {effects: {relapse: {hazard_ratios: {itt: 2}}}}", "'itt' is no variable, label or group"),
        ("simulate: {effects: {relaps: {rate: 1}}}", "'relaps' is no outcome or continuous variable"),
    ],
)  # fmt: skip
def test_every_fault_of_further_sections_is_told(section: str, told: str) -> None:
    assert told in "\n".join(faults(SMALL + section + "\n"))


def test_the_line_is_that_of_the_fault() -> None:
    assert faults(SMALL.replace("seizure]}\n", "seizure,\n     ages]}\n"))[0].startswith("line 18: models.adj.terms[4]")


@pytest.mark.parametrize("text", ["- a\n- b", "just text", "3"])
def test_a_file_that_holds_no_sections_is_told(text: str) -> None:
    assert "sections such as study:" in faults(text)[0]


def test_a_file_without_study_is_told() -> None:
    assert faults("variables: {x: {}}") == ["line 1: the section study: is missing; add study: {id: ..., title: ...}."]


def test_broken_parts_make_no_further_faults() -> None:
    text = SMALL.replace("type: time_to_event, ", "")  # models.adj and models.km name this outcome
    assert len(faults(text)) == 1


@pytest.mark.parametrize("section", list(SECTIONS))
@pytest.mark.parametrize(
    "junk", ["3", "text", "[1, 2]", "{a: {b: {c: 1}}}", "[[1]]", "true", "{0: 1}", "[{x: 1}]", "{a: }"]
)
def test_junk_in_any_section_is_an_error_or_a_study_never_a_crash(section: str, junk: str) -> None:
    head = "" if section == "study" else HEAD
    with contextlib.suppress(StudyFileError):  # anything else is our fault
        parse_study(parse_yaml(f"{head}{section}: {junk}\n", "s.yaml"))


@pytest.mark.slow
def test_the_drafts_features_are_all_expressible(shared: Path) -> None:
    draft = parse_yaml((shared / "published" / "intrathecal-outcomes.study.yaml").read_text(), "draft")
    examples = Path(__file__).parents[3] / "examples"
    ours = parse_study(parse_yaml((examples / "intrathecal.study.yaml").read_text(), "intrathecal"))
    renamed = {"with_csf": "ps_plus_csf"}
    assert set(draft.data["models"]) <= set(ours.models)
    assert {renamed.get(name, name) for name in draft.data["sensitivity"]} <= set(ours.sensitivity)
    assert set(draft.data["weights"]) <= set(ours.weights)
    draft = parse_yaml((shared / "published" / "mri-phenotypes.study.yaml").read_text(), "draft")
    ours = parse_study(parse_yaml((examples / "mri-phenotypes.study.yaml").read_text(), "mri"))
    model, theirs = ours.models["volumes"], draft.data["models"]["volumes"]
    assert isinstance(model, Linear)
    assert [list(pair) for pair in model.contrasts] == theirs["contrasts"]
    assert list(model.adjust["secondary"]) == [{"gender": "female"}.get(x, x) for x in theirs["adjust"]["secondary"]]
