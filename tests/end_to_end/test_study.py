"""From tables to reports: volumes of `neurolupus measure` joined with participants; the example studies as a whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from docx import Document

from neurolupus.io.delimited import read_tsv, write_tsv
from neurolupus.records.dictionary import DICTIONARY

STUDY = """
study: {id: wmh-npsle, title: Hyperintensities in NPSLE, seed: 1}
data:
  file: participants.tsv
  id: participant_id
  join: {file: volumes.tsv, on: [participant_id], columns: [wmh_ml, tiv_ml, wm_ml, gm_ml, tbv_ml]}
variables:
  age: {label: Age, unit: years, show: mean_sd, digits: 0}
  female: {label: Female, column: sex, type: binary, levels: [M, F]}
  tiv_ml: {label: Total intracranial volume, unit: ml, role: other}
  wm_ml: {label: White matter, unit: ml, role: outcome}
  gm_ml: {label: Grey matter, unit: ml, role: outcome}
  tbv_ml: {label: Brain, unit: ml, role: outcome, identity: gm_ml + wm_ml}
  wmh_ml: {label: White matter hyperintensities, unit: ml, role: outcome, show: median_p10_p90, digits: 2,
           transform: {fn: log, scale: 1000000}, back: ratio}
groups:
  group: {label: Group, levels: {control: non-NPSLE, npsle: NPSLE}, reference: control}
tests: {preset: spss}
table1: {by: group}
models:
  volumes: {type: linear, label: Brain volumes, outcomes: [wmh_ml, wm_ml, gm_ml, tbv_ml],
            adjust: {primary: [age, female, tiv_ml]}, se: [classical, hc3], report: [mde80, holm]}
"""


def write_clinic(folder: Path, n: int = 60) -> dict[str, np.ndarray]:
    """A participants table and the volumes.tsv that `neurolupus measure` would write of it."""
    rng = np.random.default_rng(11)
    npsle = np.arange(n) % 3 == 0
    age = rng.normal(42, 13, n).clip(18, 79).round(0)
    female = rng.random(n) < 0.9
    tiv = rng.normal(1420, 110, n).round(2)
    gm = (0.42 * tiv - 1.8 * (age - 42) + rng.normal(0, 20, n)).round(2)
    wm = (0.35 * tiv - 15 * npsle + rng.normal(0, 20, n)).round(2)
    wmh = np.exp(-0.5 + 0.03 * (age - 42) + 0.9 * npsle + rng.normal(0, 0.8, n)).round(4)
    wmh[7] = 0.0
    names = [definition.name for definition in DICTIONARY]
    rows = []
    for i in range(n):
        known = {
            "participant_id": f"sub-{i:02}", "gm_ml": float(gm[i]), "wm_ml": float(wm[i]), "tiv_ml": float(tiv[i]),
            "csf_ml": float(tiv[i] - gm[i] - wm[i]), "tbv_ml": float(gm[i] + wm[i]), "wmh_ml": float(wmh[i]),
            "flair_dim": "3D", "usable": i != 4, "unusable_reason": "infarct-like lesion" if i == 4 else None,
            "version": "0.1.0",
        }  # fmt: skip
        rows.append({name: known.get(name) for name in names})
    write_tsv(folder / "volumes.tsv", names, rows)
    participants = [
        {"participant_id": f"{i:02}", "age": int(age[i]), "sex": "F" if female[i] else "M",
         "group": "npsle" if npsle[i] else "control"} for i in range(n)
    ]  # fmt: skip
    write_tsv(folder / "participants.tsv", list(participants[0]), participants)
    (folder / "wmh.study.yaml").write_text(STUDY, encoding="utf-8")
    return {"npsle": npsle, "age": age, "female": female, "tiv": tiv, "wmh": wmh}


def test_volumes_of_measure_joined_with_participants_feed_a_linear_model(tmp_path: Path, neurolupus) -> None:
    truth = write_clinic(tmp_path)
    ended = neurolupus("study", "run", tmp_path / "wmh.study.yaml", "-o", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    told = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    usable = np.arange(len(truth["age"])) != 4
    wmh = np.where(truth["wmh"] == 0, truth["wmh"][usable & (truth["wmh"] > 0)].min() / 2, truth["wmh"])
    x = np.column_stack([np.ones(usable.sum()), *(truth[k][usable] for k in ("npsle", "age", "female", "tiv"))])
    by_hand = np.linalg.lstsq(x, np.log(1e6 * wmh[usable]), rcond=None)[0][1]
    one = told["numbers"]["volumes.full.primary.npsle_vs_control.wmh_ml.difference"]
    assert one["value"] == pytest.approx(by_hand, rel=1e-8)
    assert (one["n"], one["n_dropped"]) == (59, 1)
    assert told["synthetic"] is False
    assert any("not usable" in warning["text"] for warning in told["warnings"])


def test_everything_that_was_promised_is_written(tmp_path: Path, neurolupus) -> None:
    write_clinic(tmp_path)
    out = tmp_path / "out"
    assert neurolupus("study", "run", tmp_path / "wmh.study.yaml", "-o", out).returncode == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    for words in ("Brain volumes", "STROBE", "Provenance", "<svg", "Holm"):
        assert words in page
    tables = sorted(path.stem for path in (out / "tables").iterdir())
    assert "table1" in tables
    assert len(Document(str(out / "tables.docx")).tables) == len(tables)
    for kind in ("svg", "pdf", "png"):
        assert (out / "figures" / f"flow.{kind}").stat().st_size > 1000
    provenance = json.loads((out / "provenance.json").read_text())
    assert set(provenance["sha256"]) == {"wmh.study.yaml", "participants.tsv", "volumes.tsv"}
    assert provenance["seed"] == 1
    assert not list(tmp_path.glob(".tmp-*"))


def test_the_same_run_gives_the_same_bytes_but_for_the_time(tmp_path: Path, neurolupus) -> None:
    write_clinic(tmp_path)
    for name in ("a", "b"):
        assert neurolupus("study", "run", tmp_path / "wmh.study.yaml", "-o", tmp_path / name).returncode == 0
    first = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    for path in first:
        if path.name != "provenance.json":
            assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


def test_nothing_is_overwritten_without_being_asked(tmp_path: Path, neurolupus) -> None:
    write_clinic(tmp_path)
    run = ("study", "run", tmp_path / "wmh.study.yaml", "-o", tmp_path / "out")
    assert neurolupus(*run).returncode == 0
    ended = neurolupus(*run)
    assert ended.returncode == 2
    assert "--overwrite" in ended.stderr
    assert neurolupus(*run, "--overwrite").returncode == 0


def test_a_fault_of_the_table_leaves_nothing_behind(tmp_path: Path, neurolupus) -> None:
    write_clinic(tmp_path)
    rows = read_tsv(tmp_path / "participants.tsv")
    rows[3]["age"] = "forty"
    write_tsv(tmp_path / "participants.tsv", list(rows[0]), rows)
    ended = neurolupus("study", "run", tmp_path / "wmh.study.yaml", "-o", tmp_path / "out")
    assert ended.returncode == 11
    assert "'forty'" in ended.stderr
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".tmp-*"))
