"""Both papers' shipped files against an audit of the same numbers that was made before, by another program."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from neurolupus.io.yamlfile import read_yaml
from neurolupus.study.audit import Audit, Check, Published, audit_published, parse_published
from neurolupus.study.audit.claims_counts import standardised_difference

EXAMPLES = Path(__file__).parents[4] / "examples" / "published"
PAPERS = ("mri-phenotypes-2021", "intrathecal-outcomes-2023")
TITLES = {
    "Table 1": "Table 1, patient characteristics",
    "Table 3": "Table 3, patient characteristics by phenotype",
    "T2 NPSLE vs non": "Table 2 and text, NPSLE vs non-NPSLE",
    "T4 infl vs non": "Table 4 and text, inflammatory vs non-NPSLE",
    "T4 isch vs non": "Table 4 and text, ischaemic vs non-NPSLE",
    "T4 infl vs isch": "Table 4 and text, inflammatory vs ischaemic",
    "text: secondary infl vs non": "Text, inflammatory vs non-NPSLE, five more covariates",
    "Table 1 before PSM": "Table 1, before matching",
    "Table 1 after PSM": "Table 1, after matching",
    "Table 2": "Table 2, treatment",
    "Results text": "Results text",
    "Table 3 unmatched": "Table 3, univariable Cox models, unmatched",
    "Table 3 matched": "Table 3, univariable Cox models, matched",
}
ROWS = {  # of the earlier audit: where it stands in ours, and in which row
    "flow 216-28-8-3-20-2": [("Flow of patients", "")],
    "38+117; 26+12; FLAIR 102+53": [("Both groups", ""), ("Both phenotypes", ""), ("Both FLAIR sequences", "")],
    "female 342/386": [("Women", "female")],
    "events 28+19; deaths 13+6": [("End points", ""), ("Deaths", "")],
    "13/19, 6/19": [("Causes of death", "SLE"), ("Causes of death", "infection")],
    "82/194 (<3 injections)": [("Number of injections", "fewer than three")],
    "MTX+DEX 88.6% of 194": [("Content of injections", "methotrexate and dexamethasone")],
    "3.12% of 192": [("Headache after puncture", "control")],
    "22/24, 28/36, 4/36, 32/36": [
        ("Cited responses", one) for one in ("study of 1999", "remission", "effective", "total")
    ],
    "508 injections, 29x1+53x2+82x3, 30 others": [("Injections of the others", "")],
    "person-years 1007.69/386": [("Mean follow-up", "")],
    "7-category overall (rows sum to 192 and 194)": [("One drug each", "all rows")],
    "text: psychosis": [("Results text", "Psychosis")],
    "text: headache": [("Results text", "Headache")],
    "text: >1 NP subtype": [("Results text", "More than one NP subtype")],
    "joint 3-group model would give B(infl-isch)=B(infl-non)-B(isch-non) WM": [("Inflammatory minus ischaemic", "WM")],
    "Cited 2006 study OR": [("Text, the study of 2006 as cited", "Intrathecal treatment")],
}
METHODS = {
    "chi2": "chi-square", "chi2_yates": "chi-square with Yates' correction", "fisher": "Fisher",
    "chi2_N-1": "N - 1 chi-square", "Student": "Student's t", "Welch": "Welch's t",
    "Wan-2014 Welch": "Welch's t of means and SDs estimated from the quartiles", "medians z": "z of the medians",
}  # fmt: skip
# The earlier audit took the SD as the interquartile range / 1.35, Wan's formula for large samples; ours depends on n.
ROUGH = ("Wan-2014 Welch", "medians z")


@dataclass(frozen=True)
class Papers:
    """Both papers as published and audited, and the rows of the earlier audit."""

    published: dict[str, Published]
    audits: dict[str, Audit]
    rows: list[dict[str, str]]

    def checks(self, row: dict[str, str]) -> list[Check]:
        """Ours that stand where a row of the earlier audit does."""
        places = set(places_of(row))
        return [one for one in self.audits[row["paper"]].checks if (one.where, one.row.split(", control")[0]) in places]


@pytest.fixture(scope="module")
def papers(shared: Path) -> Papers:
    path = shared / "published" / "paper_audit.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent: the earlier audit of both papers")
    published = {name: parse_published(read_yaml(EXAMPLES / f"{name}.published.yaml")) for name in PAPERS}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return Papers(published, {name: audit_published(one) for name, one in published.items()}, rows)


def places_of(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Table and row in our audit."""
    table, name = row["table"], row["row"]
    if name in ROWS:
        yield from ROWS[name]
    elif found := re.fullmatch(r"pooled subgroup (mean|SD) (.+)", name):
        row_name = {"duration": "SLE duration", "SLEDAI": "SLEDAI-2K"}.get(found[2], found[2])
        what = "volumes" if row_name in ("WM", "GM", "TBV") else "characteristics"
        yield f"NPSLE is both phenotypes, {what}", f"{row_name}, {found[1]}"
    elif found := re.fullmatch(r"(.+): B\(TBV\)=B\(WM\)\+B\(GM\)", name):
        yield TITLES[found[1]], "TBV, estimate"
    elif name.startswith("subset: "):
        yield "Matched patients are among all", name.removeprefix("subset: ")
    elif found := re.fullmatch(r"(Cox multivariable|Multinomial): (.+)", name):
        models = {
            "Cox multivariable": "Text, multivariable Cox model",
            "Multinomial": "Text, multinomial model of the outcome at discharge",
        }
        yield models[found[1]], found[2]
    elif table == "SMD from counts":
        yield "Table 1, after matching", name
    else:
        yield TITLES[table], name.partition(" (IQR")[0]


def is_denied(row: dict[str, str]) -> bool:
    return row["agrees"].startswith("n") and not row["agrees"].startswith("not recomputable")


def told(row: dict[str, str]) -> str:
    return f"{row['table']}: {row['row']} ({row['published']}, {row['published_p']}): {row['agrees']} {row['note']}"


@pytest.mark.slow
def test_the_earlier_audit_is_whole(papers: Papers) -> None:
    assert len(papers.rows) == 240
    assert sum(is_denied(row) for row in papers.rows) == 17
    assert sum(row["agrees"].startswith("not recomputable") for row in papers.rows) == 6


def test_every_row_of_the_earlier_audit_is_checked(papers: Papers) -> None:
    assert [told(row) for row in papers.rows if not papers.checks(row)] == []


def test_every_number_that_was_denied_disagrees(papers: Papers) -> None:
    missed = [
        told(row)
        for row in papers.rows
        if is_denied(row) and not any(one.verdict == "disagrees" for one in papers.checks(row))
    ]
    assert missed == []


def test_rank_tests_cannot_be_recomputed_and_t_is_shown_for_scale(papers: Papers) -> None:
    for row in papers.rows:
        if row["agrees"].startswith("not recomputable"):
            (check,) = [one for one in papers.checks(row) if one.subject == "p-value"]
            assert check.verdict == "cannot be recomputed"
            assert [one.method for one in check.recomputed] == ["Student's t", "Welch's t"]


def test_no_number_that_agreed_is_denied(papers: Papers) -> None:
    # A percentage may be denied beside a p-value that agrees: the earlier audit has it in its note.
    denied = [
        (told(row), one.subject, one.note)
        for row in papers.rows
        if row["agrees"].startswith(("y", "plausible", "separation"))
        for one in papers.checks(row)
        if one.verdict == "disagrees" and one.subject not in ("percentage", "interval used twice")
    ]
    assert denied == []


def test_p_values_are_those_of_the_earlier_audit_to_its_digits(papers: Papers) -> None:
    compared = 0
    for row in papers.rows:
        for name, text, low, high in re.findall(
            r"([\w\- ]+?)=([\d.e\-]+)(?: \[([\d.]+),([\d.]+)\])?", row["recomputed"]
        ):
            name = name.strip()
            checks = [one for one in papers.checks(row) if one.subject in ("p-value", "p-value from its CI")]
            found = [
                one
                for check in checks
                for one in check.recomputed
                if (name == "p" and one.method.startswith("Wald") and "middle" not in one.method)
                or (name in METHODS and one.method.partition(", n")[0] == METHODS[name])
            ]
            if not found:
                continue
            (ours,) = found
            pairs = [(ours.value, text), (ours.low, low), (ours.high, high)]
            for number, printed in pairs:
                if printed and name in ROUGH:
                    assert math.log(number) == pytest.approx(math.log(float(printed)), rel=0.05), (told(row), name)
                elif printed:
                    assert number == pytest.approx(float(printed), abs=unit(printed)), (told(row), name)
                if printed:
                    compared += 1
    assert compared == 579


def unit(printed: str) -> float:
    """One unit of the last digit: the earlier audit was rounded, and its box was a grid."""
    digits, _, power = printed.partition("e")
    return 1.01 * 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))


def test_pooled_numbers_and_sums_are_those_of_the_earlier_audit(papers: Papers) -> None:
    compared = 0
    for row in papers.rows:
        if re.fullmatch(r"-?\d+(\.\d+)?", row["recomputed"]):
            (ours,) = [one for check in papers.checks(row) for one in check.recomputed]
            assert ours.value == pytest.approx(float(row["recomputed"]), abs=0.006), told(row)
            compared += 1
    assert compared == 21


def test_standardised_differences_are_those_of_the_earlier_audit(papers: Papers) -> None:
    tables = papers.published["intrathecal-outcomes-2023"].tables
    compared = 0
    for row in papers.rows:
        if row["table"] == "SMD from counts":
            before, after = (float(x) for x in re.findall(r"[+-]\d\.\d+", row["recomputed"]))
            for table, smd in (("Table 1 before PSM", before), ("Table 1 after PSM", after)):
                # Denominators are inferred from printed percentages, which leaves 0.003 open.
                found = standardised_difference(tables[table].rows[row["row"]])
                assert found == pytest.approx(smd, abs=0.003), told(row)
                compared += 1
    assert compared == 40


def test_what_a_reader_would_miss_is_found_beyond_the_earlier_audit(papers: Papers) -> None:
    found = {(one.where, one.row) for audit in papers.audits.values() for one in audit.disagreements()}
    # Sections of the brain add up, so that the SD of the whole is at most 51.5 + 44.5 ml.
    assert ("Table 4, brain volumes in ml by phenotype", "TBV, ischaemic, SD") in found
    # The text says "higher disease duration" of the group with 4 years against 10.
    assert ("Table 3, patient characteristics by phenotype", "SLE duration, against the text") in found
    # A quarter at most lies above an upper quartile of 0.45; 26.6 % are said to lie above 0.5.
    assert ("Table 1, before matching", "CSF protein and Increased CSF protein, control") in found
    # One interval for Psychosis and Myelopathy.
    assert ("Table 3, univariable Cox models, unmatched", "Myelopathy") in found
