"""A patient's record is read from YAML, JSON and plain values; every fault is told at once, nothing is guessed."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml

from neurolupus.errors import PatientFileError
from neurolupus.io.patient_file import LARGEST_FILE_BYTES, parse_patient, patient_as_data, read_patient
from neurolupus.records.clinical import PatientRecord

TODAY = date(2026, 1, 15)
EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "patients").glob("*.yaml"))
EVENT = {"syndrome": "psychosis"}


def refusal(data: Any) -> PatientFileError:
    """The error that plain values give."""
    with pytest.raises(PatientFileError) as error:
        parse_patient(data, today=TODAY)
    return error.value


def written(folder: Path, text: str, name: str = "case.yaml") -> Path:
    """A file with a text."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


FULL = """
id: K7
as_of: 2026-01-10
patient: {age: 31, sex: F, pregnant: false, renal_insufficiency: null}
sle: {sledai2k: 16, sledai2k_items: {psychosis: true, fever: false}, acr1997: {malar_rash: true}}
events:
  - {syndrome: movement_disorder, chorea: true, date: 2025-12-01}
attribution:
  italian_items: {onset: ">6mo_after", minor_event: false, confounders: none, favouring: more}
  mdt_consensus: attributed
  decided: 2025-12-10
  present: [rheumatologist, neurologist]
  dissent: [{by: neurologist, opinion: "Not convinced; see EEG."}]
  revisions: [{date: 2026-01-05, why: second EEG, mechanism: mixed}]
lumbar_punctures:
  - {date: 2025-12-02, csf: {protein: {value: 72, unit: mg/dL}, wbc_10e6_per_L: 4}}
  - {date: 2026-01-02, csf: {protein: {value: 0.4, unit: g/L}}}
treatment: {immunosuppressant: none, in_hospital: []}
intrathecal_sessions: [{date: 2026-01-02, methotrexate_mg: 10, dexamethasone_mg: 10, reactions: [wheal]}]
follow_up: {relapses: [{date: 2026-01-09, hospitalised: true}]}
"""


def test_every_part_is_read(tmp_path: Path):
    record = read_patient(written(tmp_path, FULL), today=TODAY)
    assert (record.id, record.patient.age, record.patient.renal_insufficiency) == ("K7", 31, None)
    assert record.sle.sledai2k_items.psychosis is True
    assert record.sle.sledai2k_items.fever is False
    assert record.sle.sledai2k_items.rash is None
    assert record.events[0].date == date(2025, 12, 1)
    assert record.attribution.italian_items.total == 9
    assert record.attribution.current_mechanism == "mixed"
    assert record.attribution.dissent[0].opinion == "Not convinced; see EEG."
    assert record.treatment.in_hospital == ()
    assert record.intrathecal_sessions[0].reactions == ("wheal",)
    assert record.csf.done is True
    assert record.csf.protein is not None
    assert record.csf.protein.g_per_L == 0.4  # of the latest
    assert record.csf.wbc_10e6_per_L is None  # of an earlier one
    assert record.follow_up.relapses[0].hospitalised is True


def test_yaml_json_and_plain_values_give_one_record(tmp_path: Path):
    plain = yaml.safe_load(FULL)
    as_text = json.dumps(plain, default=str, indent=1)
    found = [
        read_patient(written(tmp_path, FULL), today=TODAY),
        read_patient(written(tmp_path, FULL, "case.yml"), today=TODAY),
        read_patient(written(tmp_path, as_text, "case.json"), today=TODAY),
        parse_patient(plain, today=TODAY),
        parse_patient(dict(reversed(plain.items())), today=TODAY),
    ]
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_record_goes_to_plain_values_and_back(path: Path):
    record = read_patient(path, today=TODAY)
    data = patient_as_data(record)
    assert parse_patient(json.loads(json.dumps(data)), today=TODAY) == record
    assert "null" not in json.dumps(data)


def test_no_immunosuppressant_in_hospital_is_not_unknown():
    none, unknown = (parse_patient({"treatment": one}) for one in ({"in_hospital": []}, {}))
    assert (none.treatment.in_hospital, unknown.treatment.in_hospital) == ((), None)
    assert parse_patient(patient_as_data(none)) == none


def test_an_empty_record_is_a_record():
    assert parse_patient({}) == PatientRecord()
    assert patient_as_data(PatientRecord()) == {}
    assert parse_patient({"events": None, "csf": None, "csf ".strip(): {"protein": None}}) == PatientRecord()


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path):
    text = "\n".join(
        [
            "id: K 7",
            "patient:",
            "  age: 240",
            "  sex: female",
            "events:",
            "  - syndrome: stroke",
            "    chorea: yes",
            "  - {syndrome: psychosis, date: 2026-02-30}",
            "ages: 3",
            "csf: {protein: {value: -1, unit: g/l}}",
        ]
    )
    with pytest.raises(PatientFileError) as error:
        read_patient(written(tmp_path, text), today=TODAY)
    assert str(error.value).splitlines() == [
        "case.yaml has 9 faults; no advice is given on it.",
        "    line 1: id is 'K 7'; a pseudonym of at most 64 letters, digits, points and dashes is needed.",
        "    line 3: patient.age is 240; 0 to 125 years is needed.",
        "    line 4: patient.sex 'female' is unknown. Did you mean 'F'?",
        "    line 6: events[1].syndrome 'stroke' is unknown. Did you mean 'cerebrovascular_disease'?",
        "    line 7: events[1].chorea is 'yes'; true or false is needed.",
        "    line 8: events[2].date is '2026-02-30'; a date such as 2026-01-31 is needed.",
        "    line 9: 'ages' is not a key of a patient's record; choose"
        + str(error.value).splitlines()[7].partition("choose")[2],
        "    line 10: csf.protein.unit 'g/l' is unknown. Did you mean 'g/L'?",
        "    line 10: csf.protein.value is -1; 0 or more is needed.",
    ]
    assert error.value.exit_code == 14
    assert len(error.value.faults) == 9


def test_faults_of_json_have_lines_too(tmp_path: Path):
    text = '{"patient": {\n  "age": 240},\n "events": [\n  {"syndrome": "psychosis",\n   "refractory": "yes"}]}'
    with pytest.raises(PatientFileError) as error:
        read_patient(written(tmp_path, text, "case.json"), today=TODAY)
    assert "line 2: patient.age is 240" in str(error.value)
    assert "line 5: events[1].refractory is 'yes'; true or false is needed" in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("acute confusional state", "acute_confusional_state"),
        ("Acute-Confusional-State", "acute_confusional_state"),
        ("seizures", "seizure_disorder"),
        ("Transverse myelitis", "myelopathy"),
        ("depression", "mood_disorder"),
        ("chorea", "movement_disorder"),
        ("guillain-barre", "guillain_barre_syndrome"),
        ("psycosis", "psychosis"),
    ],
)
def test_a_syndrome_is_suggested_and_never_put_in_its_place(wrong: str, right: str):
    error = refusal({"events": [{"syndrome": wrong}]})
    assert f"{wrong!r} is unknown. Did you mean '{right}'?" in str(error)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "holds a list; sections"),
        ("psychosis", "holds 'psychosis'; sections"),
        (None, "holds empty; sections"),
        ({"events": [{}]}, "events[1] lacks 'syndrome'"),
        ({"events": [{"syndrome": None}]}, "events[1].syndrome is empty"),
        ({"events": ["psychosis"]}, "events[1] is 'psychosis'; a mapping of syndrome"),
        ({"events": [{"syndrome": "fever of the brain"}]}, "is unknown; choose aseptic_meningitis"),
        ({"patient": [1]}, "patient is a list; a mapping"),
        ({"patient": {"age": "old"}}, "patient.age is 'old'; a number is needed"),
        ({"patient": {"age": "26,5"}}, "write the decimal mark as a point"),
        ({"patient": {"age": float("nan")}}, "patient.age is 'nan'; a number is needed"),
        ({"patient": {"age": float("inf")}}, "a number is needed"),
        ({"patient": {"age": 10**5000}}, "a number is needed"),
        ({"patient": {"age": 2**64}}, "patient.age is 'inf'; a number is needed"),
        ({"patient": {"age": 2**64 - 1}}, "0 to 125 years is needed"),
        ({"patient": {"age": True}}, "a number is needed"),
        ({"patient": {"pregnant": date(2026, 1, 1)}}, "patient.pregnant is '2026-01-01'; true or false"),
        ({"patient": {"date": 1}}, "; it stands under events, "),
        ({1: 2}, "'1' is not a key"),
        ({"patient": {"pregnant": 1}}, "patient.pregnant is 1; true or false"),
        ({"patient": {"pregnant": "false"}}, "patient.pregnant is 'false'; true or false"),
        ({"patient": {"pregnant": {}}}, "patient.pregnant is a mapping; one value"),
        ({"patient": {"hypertention": True}}, "Did you mean 'hypertension'?"),
        ({"csf": {"opening_pressure_cmH2O": 22}}, "'opening_pressure_mmH2O'? It is read in mmH2O: convert the value"),
        ({"treatment": {"prednisone_mg": 50}}, "It is read in mg/kg per day: convert the value"),
        ({"treatment": {"prednisone_mg_per_kg": 50}}, "treatment.prednisone_mg_per_kg is 50; 0 to 10 mg/kg per day"),
        (
            {
                "events": [{"syndrome": "headache"}, {"syndrome": "anxiety_disorder"}],
                "attribution": {"italian_items": {"minor_event": False}},
            },
            "minor_event is false and events list anxiety_disorder and headache alone, which Ainiala counts as minor",
        ),
        ({"hypertension": True}, "'hypertension' is not a key of a patient's record; it stands under patient"),
        ({"patient": {"opening_pressure_mmH2O": 180}}, "it stands under csf or lumbar_punctures.csf"),
        ({"sle": {"sledai2k": 7.5}}, "sle.sledai2k is 7.5; a whole number"),
        ({"attribution": {"italian_score": 11}}, "attribution.italian_score is 11; 0 to 10 points"),
        ({"mri": {"done": True, "contraindicated": True}}, "mri.contraindicated is true and done is true"),
        ({"csf": {"protein": 0.72}}, "csf.protein is 0.72; a mapping of value, unit"),
        ({"csf": {"protein": {"value": 0.72, "unit": "g"}}}, "csf.protein.unit 'g' is unknown"),
        ({"as_of": "2026-01-16"}, "as_of is 2026-01-16, after today (2026-01-15)"),
        ({"as_of": "16.1.2026"}, "as_of is '16.1.2026'; a date such as"),
        ({"as_of": 20260101}, "a date such as 2026-01-31"),
        ({"events": [{**EVENT, "date": "2026-01-16"}]}, "events[1].date is 2026-01-16, after today"),
        ({"follow_up": {"death": {"date": "2026-01-16"}}}, "follow_up.death.date is 2026-01-16, after today"),
        ({"follow_up": {"death": {"cause": "sle"}}}, "follow_up.death lacks 'date'"),
        ({"treatment": {"in_hospital": ["rituximab", "aspirin"]}}, "treatment.in_hospital[2] 'aspirin' is unknown"),
        ({"attribution": {"revisions": [{"date": "2025-01-01", "why": "x"}]}}, "says nothing that changed"),
        ({"note": "x" * 2001}, "note has 2001 characters"),
        ({"note": "bell \x07"}, "note holds control characters"),
        ({"note": "half \ud800"}, "note holds control characters"),
        ({"events": [EVENT] * 501}, "events has 501 entries; at most 500 are read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_reason(data: Any, told: str):
    assert told in str(refusal(data))


def test_a_fault_does_not_hide_another():
    # One part that cannot be made, one fault between parts, one date: all three are told
    error = refusal({"patient": {"age": 240}, "id": "K 7", "events": [{**EVENT, "date": "2027-01-01"}]})
    assert len(error.faults) == 3


def test_today_is_the_systems_when_it_is_not_given():
    assert parse_patient({"as_of": date.today().isoformat()}).as_of == date.today()
    with pytest.raises(PatientFileError, match="after today"):
        parse_patient({"as_of": date.today().replace(year=date.today().year + 1).isoformat()[:4] + "-12-31"})


def test_limits_are_reached_before_they_are_passed():
    record = parse_patient({"note": "x" * 2000, "as_of": "1900-01-01", "events": [EVENT] * 500})
    assert (len(record.note or ""), record.as_of, len(record.events)) == (2000, date(1900, 1, 1), 500)


INJECTIONS = [
    "<script>alert(1)</script>", "'; DROP TABLE patients; --", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd",
    "=HYPERLINK(1)", "\x1b[31mred", "__import__('os').system('ls')", "%s%n%x", "a\nb: c", "\u202eevil",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_injected_text_is_refused_where_a_name_is_needed(text: str):
    for data in ({"id": text}, {"events": [{"syndrome": text}]}, {text: 1}, {"csf": {"protein": {"unit": text}}}):
        error = refusal(data)
        assert "\x1b" not in str(error)
        assert str(error).count("\n") == len(error.faults)  # a line break in a value makes no line of its own


@pytest.mark.parametrize("text", [one for one in INJECTIONS if "\x1b" not in one])
def test_free_text_is_kept_as_it_is(text: str):
    assert parse_patient({"note": text}).note == text


def test_a_long_value_is_told_short():
    assert len(str(refusal({"events": [{"syndrome": "x" * 10_000}], "y" * 10_000: 1, "as_of": "z" * 10_000}))) < 1500


def test_a_thousand_faults_are_counted_and_some_told():
    error = refusal({"events": [{"syndrome": f"madness{number}"} for number in range(400)]})
    assert str(error).startswith("the record has 400 faults")
    assert "and 360 more." in str(error)
    assert len(error.faults) == 400


def test_after_a_hundred_faults_no_word_is_suggested_any_more():
    # Each suggestion costs a comparison with every word; only the first forty faults are shown
    faults = refusal({"events": [{"syndrome": f"psychosi{number:03}"} for number in range(150)]}).faults
    assert sum("Did you mean 'psychosis'?" in fault for fault in faults) == 101


def test_tuples_and_dates_are_taken_from_a_program():
    record = parse_patient({"events": ({**EVENT, "date": date(2025, 5, 1)},)}, today=TODAY)
    assert record.events[0].date == date(2025, 5, 1)


def test_how_deep_and_how_many():
    for fits, too_much in [(nested(19), nested(20)), ({"note": [0] * 49_998}, {"note": [0] * 49_999})]:
        assert "nested more than" not in str(refusal(fits))
        assert "nested more than" in str(refusal(too_much))


def nested(depth: int) -> Any:
    """A mapping in a mapping in a mapping ..."""
    data: Any = {}
    for _ in range(depth):
        data = {"patient": data}
    return data


def laughs(levels: int) -> Any:
    """Lists that share their entries: nine lines that mean billions of values."""
    data: Any = ["lol"]
    for _ in range(levels):
        data = [data] * 10
    return data


def cycle() -> Any:
    """A mapping that holds itself."""
    data: dict[str, Any] = {}
    data["patient"] = data
    return data


@pytest.mark.parametrize(
    "data", [nested(100_000), laughs(10), {"events": laughs(8)}, cycle(), {"events": [EVENT] * 60_000}]
)
def test_nested_and_huge_values_are_refused_at_once(data: Any):
    start = process_time()  # what else the machine does is not counted
    assert "is nested more than 20 deep or holds more than" in str(refusal(data))
    assert process_time() - start < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("case.txt", "{}", "is no .yaml, .yml, .json file"),
        ("case.yaml", "", "is empty; a patient's record is needed"),
        ("case.json", "", "line 1: a value is needed"),
        ("case.json", "{'age': 1}", "line 1: a name in double quotes"),
        ("case.json", "[" * 100_000, "nested too deeply"),
        ("case.yaml", "a: " + "[" * 5000, "nested too deeply; that is no patient's record"),
        ("case.yaml", "patient: {age: 1, age: 2}", "'age' stands here twice"),
        ("case.json", '{"patient": {"age": 1, "age": 2}}', "'age' stands here twice"),
        ("case.yaml", "id: !!python/object/apply:os.system [ls]", "is not allowed; plain values"),
        ("case.yaml", "a: &a [x, x]\nb: &b [*a, *a]\nevents: [*b, *b]\n", "is not a key"),
        ("case.yaml", "id: a\n---\nid: b\n", "a second document begins"),
        ("case.yaml", "- psychosis\n", "holds a list; sections"),
        ("case.yaml", "events:\n\t- x", "a tab stands at the beginning"),
    ],
)
def test_a_file_that_is_no_record_is_refused(name: str, text: str, told: str, tmp_path: Path):
    with pytest.raises(PatientFileError) as error:
        read_patient(written(tmp_path, text, name), today=TODAY)
    assert told in str(error.value)
    assert "study" not in str(error.value)
    assert error.value.exit_code == 14


@pytest.mark.parametrize("name", ["case.yaml", "case.json"])
def test_a_file_that_is_absent_too_large_or_no_text_is_refused(name: str, tmp_path: Path):
    path = tmp_path / name
    for content, told in [
        (None, "does not exist"),
        (b" " * (LARGEST_FILE_BYTES + 1), "at most 262,144"),
        (b"\xff\xfe\xfa", "no UTF-16 text"),
        (b"\x80", "no UTF-8 text"),
    ]:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(PatientFileError, match=told):
            read_patient(path)


def test_the_worked_cases_are_records(shared: Path):
    cases = yaml.safe_load((shared / "guidance" / "worked_cases.yaml").read_text("utf-8"))
    for case in cases["cases"]:
        record = parse_patient(case["inputs"], case["id"], today=TODAY)
        assert [event.syndrome for event in record.events] == [event["syndrome"] for event in case["inputs"]["events"]]
    for change in cases["metamorphic"]:
        base = next(case["inputs"] for case in cases["cases"] if case["id"] == change["base"])
        parse_patient(_with(base, change["change"]), today=TODAY)


def _with(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(base))
    for place, value in change.items():
        section, _, name = place.partition(".")
        data[section][name] = value
    return data


def test_every_field_of_the_vocabulary_is_a_field_of_the_record(shared: Path):
    from neurolupus.records.clinical.fields import record_fields

    names = {one.path for one in record_fields(PatientRecord)}
    vocabulary = yaml.safe_load((shared / "guidance" / "vocabulary.yaml").read_text("utf-8"))["input"]

    def paths(part: Any, before: str) -> list[str]:
        if isinstance(part, dict):
            return [path for name, inner in part.items() for path in paths(inner, f"{before}.{name}")]
        if isinstance(part, list) and part and isinstance(part[0], dict):
            return paths(part[0], f"{before}[]")
        return [before.lstrip(".")]

    wanted = set(paths(vocabulary, "")) - {"attribution.revisions"}
    assert wanted - names == set()
