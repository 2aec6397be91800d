"""Rows to CSV, JSON and Markdown."""

import csv
import json
from pathlib import Path
from typing import Any

from headline import headlines

Row = dict[str, Any]
COLUMNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "simulated": (
        ("case", "case", "{}"),
        ("registration_mm", "reg. mm", "{:.3f}"),
        ("intracranial_dice", "TIV Dice", "{:.3f}"),
        ("brain_dice", "brain Dice", "{:.3f}"),
        ("tiv_error_percent", "TIV %", "{:+.2f}"),
        ("gm_dice", "GM Dice", "{:.3f}"),
        ("gm_error_percent", "GM %", "{:+.2f}"),
        ("wm_dice", "WM Dice", "{:.3f}"),
        ("wm_error_percent", "WM %", "{:+.2f}"),
        ("csf_error_percent", "CSF %", "{:+.2f}"),
        ("tbv_error_percent", "TBV %", "{:+.2f}"),
        ("wmh_ml_truth", "WMH true ml", "{:.2f}"),
        ("wmh_ml", "WMH ml", "{:.2f}"),
        ("wmh_expected_ml", "WMH expected ml", "{:.2f}"),
        ("wmh_dice", "WMH Dice", "{:.3f}"),
        ("lesion_f1", "lesion F1", "{:.2f}"),
        ("seconds", "s", "{:.0f}"),
        ("warnings", "warnings", "{}"),
    ),
    "lesion load": (
        ("case", "case", "{}"),
        ("wmh_ml_truth", "WMH true ml", "{:.2f}"),
        ("wmh_ml", "WMH ml", "{:.2f}"),
        ("gm_error_percent", "GM % filled", "{:+.2f}"),
        ("gm_error_percent_unfilled", "GM % unfilled", "{:+.2f}"),
        ("wm_error_percent", "WM % filled", "{:+.2f}"),
        ("wm_error_percent_unfilled", "WM % unfilled", "{:+.2f}"),
        ("tbv_error_percent", "TBV % filled", "{:+.2f}"),
        ("tbv_error_percent_unfilled", "TBV % unfilled", "{:+.2f}"),
    ),
    "longitudinal": (
        ("case", "case", "{}"),
        ("registration_untouched_mm", "before mm", "{:.2f}"),
        ("registration_mm", "ours mm", "{:.3f}"),
        ("registration_max_mm", "ours, greatest", "{:.2f}"),
        ("ants_registration_mm", "ANTs mm", "{:.3f}"),
        ("ants_registration_max_mm", "ANTs, greatest", "{:.2f}"),
        ("brain_dice", "brain Dice", "{:.3f}"),
        ("intracranial_dice", "intracranial mask Dice", "{:.3f}"),
        ("brain_ml_reference", "reference ml", "{:.0f}"),
        ("brain_ml_mask", "our mask ml", "{:.0f}"),
        ("gm_ml_inside", "GM ml in reference", "{:.0f}"),
        ("atropos_gm_ml", "Atropos GM", "{:.0f}"),
        ("wm_ml_inside", "WM ml in reference", "{:.0f}"),
        ("atropos_wm_ml", "Atropos WM", "{:.0f}"),
        ("wmh_ml", "WMH ml", "{:.2f}"),
        ("seconds", "s", "{:.0f}"),
        ("warnings", "warnings", "{}"),
    ),
    "lesions": (
        ("case", "case", "{}"),
        ("wmh_ml_truth", "consensus ml", "{:.2f}"),
        ("wmh_ml", "WMH ml", "{:.2f}"),
        ("wmh_expected_ml", "expected ml", "{:.2f}"),
        ("wmh_dice", "WMH Dice", "{:.3f}"),
        ("lesion_precision", "lesion precision", "{:.2f}"),
        ("lesion_recall", "lesion recall", "{:.2f}"),
        ("lesion_f1", "lesion F1", "{:.2f}"),
        ("tiv_error_percent", "mask volume %", "{:+.2f}"),
        ("gm_ml_inside", "GM ml in reference", "{:.0f}"),
        ("atropos_gm_ml", "Atropos GM", "{:.0f}"),
        ("wm_ml_inside", "WM ml in reference", "{:.0f}"),
        ("atropos_wm_ml", "Atropos WM", "{:.0f}"),
        ("registration_mm", "from identity mm", "{:.3f}"),
        ("seconds", "s", "{:.0f}"),
    ),
}
SECTIONS = (
    ("real", "Real whole heads (ms-longitudinal)", "longitudinal"),
    ("real moved", "The same with the FLAIR's header turned and shifted", "longitudinal"),
    ("real lesions", "Real skull-stripped pairs (ms-lesions)", "lesions"),
    ("held out", "Simulated, held-out heads", "simulated"),
    ("lesion load", "Simulated, held-out heads, painted lesion loads", "simulated"),
    ("turned", "Simulated, held-out heads, FLAIR turned 15° and shifted 20 mm", "simulated"),
    ("harsh", "Simulated, held-out heads, 9 % noise or motion", "simulated"),
    ("thick T1w", "Simulated, held-out head, T1w of 3 mm slices", "simulated"),
    ("rescan", "Simulated rescans of one person: other noise, other position", "simulated"),
    ("seen", "Simulated, heads that a network learned from", "simulated"),
)


def write_csv(path: Path, rows: list[Row]) -> None:
    """All columns of all rows, in the order they first occur."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)


def write_json(path: Path, rows: list[Row], facts: Row) -> None:
    """Rows and how they were made."""
    lines = [
        {"what": x.what, "target": x.target, "reached": x.reached, "met": x.met, "cases": x.cases}
        for x in headlines(rows)
    ]
    path.write_text(json.dumps({"made": facts, "headlines": lines, "rows": rows}, indent=1), encoding="utf-8")


def table(rows: list[Row], columns: tuple[tuple[str, str, str], ...]) -> str:
    """A Markdown table; an unknown value is a dash."""
    head = "| " + " | ".join(title for _, title, _ in columns) + " |"
    rule = "|" + "|".join("---" if form == "{}" else "---:" for _, _, form in columns) + "|"
    body = ["| " + " | ".join(cell(row.get(name), form) for name, _, form in columns) + " |" for row in rows]
    return "\n".join([head, rule, *body])


def cell(value: Any, form: str) -> str:
    """One value as text."""
    return "–" if value is None else form.format(value)


def markdown(rows: list[Row], facts: Row, pictures: str) -> str:
    """The report; `pictures` is the folder of the pictures relative to it, empty for none."""
    parts = ["# Accuracy", "", str(facts["words"]), "", "## Targets", "", targets(rows)]
    for group, title, kind in SECTIONS:
        chosen = [row for row in rows if row["group"] == group and "error" not in row]
        if not chosen:
            continue
        parts += ["", f"## {title}", "", table(chosen, COLUMNS[kind])]
        if group == "lesion load":
            parts += ["", "Filled beside the same T1w measured without FLAIR, so with lesions left in:", ""]
            parts += [table(chosen, COLUMNS["lesion load"])]
        if pictures:
            parts += [""] + [
                f"![{row['case']}]({pictures}/{row['case']}.jpg)\n" for row in chosen if row.get("picture")
            ]
    failed = [row for row in rows if "error" in row]
    if failed:
        parts += ["", "## Failed", "", *(f"- {row['case']}: {row['error']}" for row in failed)]
    return "\n".join(parts) + "\n"


def targets(rows: list[Row]) -> str:
    """The list of targets with what was reached."""
    signs = {True: "yes", False: "**no**", None: ""}
    body = [f"| {x.what} | {x.target} | {x.reached} | {signs[x.met]} | {x.cases} |" for x in headlines(rows)]
    return "\n".join(["| measure | target | reached: mean (range) | met | on |", "|---|---|---|---|---|", *body])
