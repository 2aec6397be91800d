"""`neurolupus ask`: what it says and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurolupus.cli import ask as verb
from neurolupus.cli.app import app


def run(*words: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["ask", *words], input=stdin)
    return result.exit_code, " ".join(result.stdout.split()), " ".join(result.stderr.split())


def test_a_question_is_answered_with_strength_place_and_source():
    code, out, err = run("refractory", "seizures,", "aPL", "negative")
    assert (code, err) == (0, "")
    assert "Looked for: refractory, seizures" in out
    assert "Ruled out by the question: antiphospholipid antibodies" in out
    assert "observed · S3-025 · management-of-neurolupus-2025, section Seizures, bullet 3 · primary source" in out
    assert "Set aside, as the question rules out what they speak of: " in out
    assert "Review status: pending human review" in out
    assert "Quoted statements, not advice on a patient" in out


def test_the_whole_guide():
    code, out, _ = run("What is the management of neurolupus?")
    assert code == 0
    assert out.index("Diagnostic Approach") < out.index("Myelopathy") < out.index("Pitfalls and Caveats")
    assert "Last updated 2025-10-28. Editorial policy: " in out
    assert "Disclaimer: For healthcare professionals" in out


def test_json_holds_the_same():
    code, out, _ = run("refractory seizures, aPL negative", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["kind"] == "statements"
    assert data["found"][0]["id"] == "S3-025"
    assert data["found"][0]["strength"] == "option_observational"
    assert data["knowledge"]["review_status"].startswith("unreviewed")
    assert {one["id"] for one in data["set_aside"]} >= {"S3-021"}
    assert "not a medical device" in data["intended_use"]


def test_nothing_is_made_up():
    code, out, _ = run("myelopaty")
    assert code == 0
    assert "The sources say nothing on this; nothing is made up." in out
    assert "Did you mean: myelopathy?" in out
    assert "Manifestations: Myelopathy" in out


def test_a_follow_up_keeps_terms_in_a_file_and_no_wording(tmp_path: Path):
    talk = tmp_path / "talk.json"
    run("Mrs Canary has refractory seizures", "--follow-up", str(talk))
    assert "canary" not in talk.read_text().lower()
    code, out, _ = run("and then?", "--follow-up", str(talk))
    assert code == 0
    assert "Kept from the questions before: refractory, seizures" in out


def test_a_file_that_is_no_conversation(tmp_path: Path):
    talk = tmp_path / "talk.json"
    talk.write_text("{}")
    code, out, err = run("gait", "--follow-up", str(talk))
    assert (code, out) == (2, "")
    assert "is no conversation" in err
    assert talk.read_text() == "{}"


def test_all_shows_what_else_matched():
    assert "more match less well; see them with --all." in run("intrathecal")[1]
    assert "see them with --all" not in run("intrathecal", "--all")[1]


def test_a_patient_is_told_that_it_is_no_advice():
    code, out, _ = run("seizures", "--for", "patient")
    assert code == 0
    assert out.index("not advice for you") < out.index("S3-023")
    assert "S2-" not in out


def test_what_is_time_critical_is_said_first():
    _, out, _ = run("status epilepticus")
    assert out.index("time-critical: act outside this tool") < out.index("S3-025")


def test_an_audience_that_is_not_known():
    code, _, err = run("seizures", "--for", "surgeon")
    assert code == 2
    assert "'surgeon' is no audience; choose rheumatologist, neurologist" in err


def test_no_question_and_no_terminal():
    code, _, err = run()
    assert code == 2
    assert 'no question was given; one in plain words is needed. For example: neurolupus ask "refractory' in err


def test_no_question_at_a_terminal_asks_for_one_after_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = iter(["refractory seizures", "?!", "and then?", "quit"])
    monkeypatch.setattr(verb.typer, "prompt", lambda *args, **kwargs: next(asked))
    verb.ask(question=None)
    said = capsys.readouterr()
    assert "Kept from the questions before: refractory, seizures" in said.out
    assert "the question holds no words" in said.err
    assert list(asked) == []


def test_markup_in_a_question_is_words():
    code, out, _ = run("[bold red]gait[/bold red] [link=x]")
    assert code == 0
    assert "S3-051" in out
