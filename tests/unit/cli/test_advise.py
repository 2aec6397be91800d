"""`neurolupus advise` and `cohort export` at the command line: codes, words, nothing half written, nothing leaked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurolupus.cli.app import app

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "patients"
REFRACTORY, STROKE = EXAMPLES / "sub-04.patient.yaml", EXAMPLES / "sub-05.patient.yaml"
run = CliRunner().invoke


def test_the_answer_as_text_names_status_items_and_sources():
    result = run(app, ["advise", str(STROKE)])
    assert result.exit_code == 0
    for words in (
        "Attribution: attributed",
        "ANTITHROMBOTIC-APL",
        "Mechanism: ischemic thrombotic",
        "Antiplatelet",
        "S3-021",
        "not a medical device",
    ):
        assert words in result.stdout


def test_attribution_by_a_score_alone_is_worded_as_a_suspicion(tmp_path: Path):
    record = tmp_path / "p.yaml"
    record.write_text("events: [{syndrome: psychosis}]\nattribution: {italian_score: 8}\n", "utf-8")
    assert "Attribution: suspected, by score" in run(app, ["advise", str(record)]).stdout


def test_json_has_the_keys_of_the_contract_and_the_explanation_on_request():
    plain = json.loads(run(app, ["advise", str(REFRACTORY), "--json"]).stdout)
    keys = "attribution mechanism findings active options deferred evidence context gaps not_applicable warnings"
    assert set(f"{keys} data_requests conflicts trace intended_use knowledge".split()) <= set(plain)
    assert "explanation" not in plain
    assert {"version", "hash", "review_status"} <= set(plain["knowledge"])
    for part in ("active", "options", "deferred", "warnings", "evidence"):
        for item in plain[part]:
            assert {"code", "text", "strength", "cites"} <= set(item)
    full = json.loads(run(app, ["advise", str(REFRACTORY), "--json", "--explain"]).stdout)
    assert full["explanation"]["items"]


def test_explain_shows_rules_values_and_flips():
    text = run(app, ["advise", str(REFRACTORY), "--explain"]).stdout
    assert "Rule IT-REFRACTORY" in text
    assert "seen:" in text
    assert "would" in text or "were" in text


def test_a_page_is_written_once_and_loads_nothing(tmp_path: Path):
    page = tmp_path / "advice.html"
    assert run(app, ["advise", str(REFRACTORY), "-o", str(page)]).exit_code == 0
    html = page.read_text("utf-8")
    assert "Intrathecal methotrexate and dexamethasone" in html
    assert "default-src &#39;none&#39;" in html
    assert "http://" not in html.split("</head>")[0]
    assert run(app, ["advise", str(REFRACTORY), "-o", str(page)]).exit_code == 2
    assert run(app, ["advise", str(REFRACTORY), "-o", str(page), "--overwrite"]).exit_code == 0


def test_a_faulty_record_ends_with_14_and_no_partial_advice(tmp_path: Path):
    record = tmp_path / "p.yaml"
    record.write_text("patient: {age: 300}\nevents: [{syndrome: psychossis}]\n", "utf-8")
    result = run(app, ["advise", str(record)])
    assert result.exit_code == 14
    assert "2 faults" in result.output
    assert "Did you mean 'psychosis'" in result.output
    assert "Attribution" not in result.stdout


def test_patients_get_no_individual_advice():
    result = run(app, ["advise", str(STROKE), "--for", "patient"])
    assert result.exit_code == 2
    assert "no individual advice" in result.output


def test_a_reader_that_is_not_known_is_refused_with_the_choice():
    result = run(app, ["advise", str(STROKE), "--for", "surgeon"])
    assert result.exit_code == 2
    assert "neurologist" in result.output


def test_json_and_fhir_together_are_refused():
    assert run(app, ["advise", str(STROKE), "--json", "--fhir"]).exit_code == 2


def test_markup_in_a_record_is_shown_as_text(tmp_path: Path):
    record, page = tmp_path / "p.yaml", tmp_path / "p.html"
    record.write_text('id: "<script>alert(1)</script>"\nevents: [{syndrome: psychosis}]\n', "utf-8")
    result = run(app, ["advise", str(record), "-o", str(page)])
    if result.exit_code == 0:
        assert "<script>alert" not in page.read_text("utf-8")
    else:
        assert result.exit_code == 14


def test_volumes_are_placed_among_the_own_cohort(tmp_path: Path):
    table, record = tmp_path / "cohort.csv", tmp_path / "p.yaml"
    rows = [
        f"P{k},{30 + k},{k % 2},{1400 + 10 * (k % 7)},{1000 + 5 * (k % 11)},{0.5 + 0.1 * (k % 5)}" for k in range(40)
    ]
    table.write_text("patient,age,male,tiv,tbv,wmh\n" + "\n".join(rows) + "\n", "utf-8")
    record.write_text(
        "patient: {age: 40, sex: F}\nevents: [{syndrome: psychosis}]\n"
        "mri: {done: true, tiv_ml: 1430, tbv_ml: 900, wmh_ml: 0}\n",
        "utf-8",
    )
    found = json.loads(run(app, ["advise", str(record), "--json", "--cohort", str(table)]).stdout)
    volumes = {one["name"]: one for one in found["context"]["own_cohort"]["volumes"]}
    assert volumes["tbv_ml"]["percentile"] < 1
    assert volumes["tbv_ml"]["n"] == 40
    assert volumes["wmh_ml"]["expected_ml"] > 0  # a brain without lesions breaks nothing
    text = " ".join(run(app, ["advise", str(record), "--cohort", str(table)]).stdout.split())
    assert "900 ml" in text
    expected = volumes["tbv_ml"]["expected_ml"]
    assert f"tbv_ml among cohort.csv, adjusted for age, sex and TIV, n = 40: expected {expected} ml" in text


def test_a_cohort_without_volumes_of_the_patient_is_refused(tmp_path: Path):
    table, record = tmp_path / "cohort.csv", tmp_path / "p.yaml"
    table.write_text("patient,age,male\nP1,30,1\n", "utf-8")
    record.write_text("patient: {age: 40, sex: F}\nmri: {done: true, tiv_ml: 1430, tbv_ml: 900}\n", "utf-8")
    assert run(app, ["advise", str(record), "--cohort", str(table)]).exit_code == 11


def test_cohort_export_writes_one_row_for_each_record(tmp_path: Path):
    table = tmp_path / "cohort.csv"
    result = run(app, ["cohort", "export", str(EXAMPLES), "-o", str(table), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["n"] == 6
    header, *rows = [line.split(",") for line in table.read_text("utf-8").splitlines()]
    assert [row[0] for row in rows] == [f"sub-0{k}" for k in range(1, 7)]
    by_name = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["dx"] for row in by_name] == ["non", "non", "inf", "inf", "isc", "n/a"]
    assert by_name[3]["csf_prot"] == "0.61"
    assert by_name[3]["csf_prot_last"] == "0.72"
    assert run(app, ["cohort", "export", str(EXAMPLES), "-o", str(table)]).exit_code == 2


def test_cohort_export_joins_volumes_and_says_what_is_excluded(tmp_path: Path):
    volumes, table = tmp_path / "volumes.tsv", tmp_path / "cohort.csv"
    volumes.write_text(
        "participant_id\tgm_ml\twm_ml\tcsf_ml\ttbv_ml\ttiv_ml\twmh_ml\tflair_dim\tusable\tunusable_reason\n"
        "sub-03\t560\t480\t400\t1040\t1440\t1.2\t3D\ttrue\tn/a\n"
        "sub-05\t560\t480\t400\t1040\t1440\t9\t2D\tfalse\tinfarct-like lesion\n",
        "utf-8",
    )
    found = json.loads(
        run(app, ["cohort", "export", str(EXAMPLES), "-o", str(table), "--volumes", str(volumes), "--json"]).stdout
    )
    assert found["scan_excluded"] == ["sub-05"]
    assert len(found["without_volumes"]) == 4
    header, *rows = [line.split(",") for line in table.read_text("utf-8").splitlines()]
    by_name = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert by_name["sub-03"]["gm"] == "560"
    assert by_name["sub-05"]["gm"] == "n/a"
    assert by_name["sub-05"]["infarct_gt_15mm"] == "1"


def test_of_several_sessions_the_first_is_exported_and_that_is_said(tmp_path: Path):
    volumes, table = tmp_path / "volumes.tsv", tmp_path / "cohort.csv"
    volumes.write_text(
        "participant_id\tsession_id\tgm_ml\nsub-03\tses-1\t560\nsub-03\tses-2\t550\nsub-04\tses-1\t570\n", "utf-8"
    )
    result = run(app, ["cohort", "export", str(EXAMPLES), "-o", str(table), "--volumes", str(volumes), "--json"])
    assert json.loads(result.stdout)["several_sessions"] == ["sub-03"]
    assert "1 have several sessions" in result.stderr
    header, *rows = [line.split(",") for line in table.read_text("utf-8").splitlines()]
    assert {row[0]: row[header.index("gm")] for row in rows}["sub-03"] == "560"


@pytest.mark.parametrize("content", ["id: A\npatient: {age: 900}\n", "patient: {age: 30}\n"])
def test_cohort_export_refuses_a_faulty_or_nameless_record_and_writes_nothing(tmp_path: Path, content: str):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "a.yaml").write_text(content, "utf-8")
    result = run(app, ["cohort", "export", str(tmp_path / "r"), "-o", str(tmp_path / "t.csv")])
    assert result.exit_code == 14
    assert not (tmp_path / "t.csv").exists()
