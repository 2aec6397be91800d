"""Claims about several numbers, worked by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from printed_texts import claim_checks, only


def table(name: str, arms: str, *rows: str) -> str:
    lines = "".join(f"      {row}\n" for row in rows)
    return f"  {name}:\n    arms: {{{arms}}}\n    rows:\n{lines}"


def test_sums_of_persons_are_exact() -> None:
    flow = "{type: sum, start: 216, parts: [28, 8, 3, 20, 2], total: %d}"
    assert claim_checks(flow % 155)[0].verdict == "agrees"
    assert claim_checks(flow % 154)[0].verdict == "disagrees"


def test_estimates_add_up_within_their_rounding() -> None:
    rows = "{WM: -17.1 (-31.4 to -2.8), GM: -13.7 (-27.6 to 0.3), TBV: %s}"
    effects = f"effects:\n  E:\n    scale: difference\n    rows: {rows}\n"
    claim = "{type: additive, of: E, total: TBV, parts: [WM, GM]}"
    (near,) = claim_checks(claim, effects % "-30.7 (-55 to -6.4)")  # -30.8, each rounded to 0.1
    assert near.verdict == "agrees within rounding"
    (far,) = claim_checks(claim, effects % "-31.7 (-56 to -7.4)")
    assert far.verdict == "disagrees"


def test_the_spread_of_a_sum_is_at_most_the_sum_of_spreads() -> None:
    text = "tables:\n" + table("T", "a: 12", "WM: 485 ± 51", "GM: 564 ± 44", "TBV: 1049 ± %d")
    claim = "{type: additive, of: T, total: TBV, parts: [WM, GM]}"
    mean, sd = claim_checks(claim, text % 100)  # 51.5 + 44.5 = 96
    assert (mean.verdict, sd.verdict, sd.size) == ("agrees", "disagrees", "conclusion")
    assert claim_checks(claim, text % 90)[1].verdict == "agrees"
    assert claim_checks(claim, text % 3)[1].verdict == "disagrees"  # below 51 - 44


def test_a_pooled_arm_follows_from_its_parts() -> None:
    # 1022 ± 118 of 26 and 1049 ± 100 of 12: mean 1030.53; squares 25·118² + 11·100² + 26·8.53² + 12·18.47²
    # = 464087, over 37 and rooted 111.99; all that is printed so gives 111.45 to 112.54.
    text = "tables:\n" + table("W", "all: 38", "TBV: 1030 ± 110", "f: 33 (87%)")
    text += table("P", "x: 26, y: 12", "TBV: 1022 ± 118 | 1049 ± 100", "f: 23 (88%) | 10 (83%)")
    checks = {one.row: one for one in claim_checks("{type: pooled, whole: W.all, parts: [P.x, P.y]}", text)}
    assert checks["persons"].verdict == "agrees"
    assert checks["f"].verdict == "agrees"
    assert checks["TBV, mean"].verdict == "agrees within rounding"
    sd = checks["TBV, SD"]
    assert sd.verdict == "disagrees"
    assert sd.recomputed[0].value == pytest.approx(111.99, abs=5e-3)
    assert (sd.recomputed[0].low, sd.recomputed[0].high) == pytest.approx((111.45, 112.54), abs=5e-3)


def test_a_part_holds_no_more_than_the_whole() -> None:
    text = "tables:\n" + table("all", "c: 192, i: 194", "cyt: 12 | 24", "MPP: 95 | 139")
    text += table("matched", "c: 147, i: 147", "cyt: 21 | 18", "MPP: 91 | 91")
    cytology, mpp = claim_checks("{type: subset, part: matched, whole: all}", text)
    assert cytology.verdict == "disagrees"  # 21 of 12
    assert [(one.value, one.fits) for one in cytology.recomputed] == [(-9, False), (6, True)]
    assert mpp.verdict == "disagrees"  # 139 - 91 = 48 left out with it, of 47
    assert "48 with it were left out, but only 47 patients were" in mpp.note


@pytest.mark.parametrize(
    ("quartiles", "share", "n", "verdict", "size"),
    [
        ("0.33 [0.26, 0.45]", "51 (26.6%)", 192, "disagrees", "conclusion"),  # more than a quarter above 0.5
        ("0.33 [0.26, 0.45]", "40 (20.8%)", 192, "agrees", ""),
        ("0.44 [0.30, 0.66]", "97 (50.0%)", 194, "disagrees", "number"),  # half: the median between two neighbours
        ("0.44 [0.30, 0.67]", "74 (50.3%)", 147, "disagrees", "conclusion"),  # the 74th of 147 is the median
        ("0.44 [0.30, 0.67]", "60 (40.8%)", 147, "agrees", ""),
        ("0.60 [0.30, 0.67]", "60 (40.8%)", 147, "disagrees", "conclusion"),  # a median above, fewer than half above
    ],
)
def test_the_share_above_a_value_against_the_quartiles(
    quartiles: str, share: str, n: int, verdict: str, size: str
) -> None:
    text = "tables:\n" + table("T", f"a: {n}", f'q: "{quartiles}"', f"s: {share}")
    (check,) = claim_checks("{type: threshold, table: T, quartiles: q, share: s, above: 0.5}", text)
    assert (check.verdict, check.size) == (verdict, size)


def test_a_median_on_the_threshold_is_worth_a_look() -> None:
    text = "tables:\n" + table("T", "a: 147", 'q: "180 [135, 230]"', "s: 74 (50.3%)")
    (check,) = claim_checks("{type: threshold, table: T, quartiles: q, share: s, above: 180}", text)
    assert check.verdict == "agrees within rounding"
    assert check.is_notable


def test_shares_of_one_whole() -> None:
    claim = "{type: shares, of: 194, exclusive: true, values: {one: 15%, two: 27.3%, three: 42.2%, less: 82 (42.2%)}"
    checks = claim_checks(claim + ", sums: {less: [one, two]}}")
    verdicts = {(one.row, one.subject): one for one in checks}
    assert verdicts["one", "percentage"].verdict == "agrees"  # 29/194 = 14.9
    assert verdicts["three", "percentage"].verdict == "disagrees"  # 81: 41.8, 82: 42.3
    assert verdicts["less", "percentage"].verdict == "disagrees"  # 42.27
    assert verdicts["less", "sum"].verdict == "agrees"  # 29 + 53
    same = verdicts["three and less", "categories"]
    assert same.is_notable
    assert same.verdict == "agrees"  # 164 of 194 can be


def test_exclusive_shares_that_exceed_the_whole() -> None:
    checks = claim_checks("{type: shares, of: 100, exclusive: true, values: {a: 60%, b: 55%}}")
    assert [one.verdict for one in checks if one.subject == "categories"] == ["disagrees"]


def test_a_percentage_of_another_whole_is_told() -> None:
    (check,) = claim_checks("{type: shares, of: 194, or_of: 508, values: {both: 88.6%}}")
    assert check.verdict == "disagrees"
    assert "450 of 508 is." in check.note


def test_categories_hold_everybody() -> None:
    # Chi-square 22 (4·4 - 8·6)² / (10·12·12·10) = 1.564, p 0.211.
    text = "tables:\n" + table("T", "a: 10, b: 12", "x: 4 | 8", "y: 6 | 4")
    claim = "{type: categories, table: T, rows: [x, y], p: 0.211}"
    assert [one.verdict for one in claim_checks(claim, text)] == ["agrees", "agrees", "agrees"]
    wrong = claim_checks(claim, text.replace("6 | 4", "5 | 4"))
    assert [one.verdict for one in wrong][:2] == ["disagrees", "agrees"]


def test_balance_that_is_claimed_and_balance_that_is_not() -> None:
    # 50/100 against 60/100: 0.1 / sqrt((0.25 + 0.24) / 2) = 0.202.
    text = "tables:\n" + table("T", "a: 100, b: 100", "x: 50 | 60", "y: 50 | 51", "z: 5.0 ± 1.0 | 5.5 ± 1.0")
    checks = {one.row: one for one in claim_checks("{type: balance, table: T, rows: [x, y]}", text)}
    assert checks["x"].recomputed[0].value == pytest.approx(0.2020, abs=5e-5)
    assert checks["x"].verdict == "disagrees"
    assert checks["y"].verdict == "agrees"
    assert "z +0.50" in checks["other rows"].note


def test_a_contrast_of_one_model() -> None:
    rows = "effects:\n"
    for name, value in (("ab", "-18.9"), ("ac", "-17.1"), ("bc", "0.5")):
        rows += f"  {name}:\n    scale: difference\n    rows: {{WM: {value} (-40 to 40)}}\n"
    claim = "{type: contrast, of: ab, first: ac, minus: bc, models: %s}"
    assert claim_checks(claim % "one", rows)[0].verdict == "disagrees"  # -17.6
    free = claim_checks(claim % "separate", rows)[0]
    assert free.verdict == "agrees"
    assert "separate models" in free.note


def test_a_total_shared_out() -> None:
    # 508 - 29 - 2·53 - 3·82 = 127, over 30 persons 4.23.
    claim = "{type: quotient, total: %d, known: {1: 29, 2: 53, 3: 82}, persons: 30, between: [4, 6]}"
    (check,) = claim_checks(claim % 508)
    assert check.verdict == "agrees"
    assert check.recomputed[0].value == pytest.approx(127 / 30)
    assert claim_checks(claim % 480)[0].verdict == "disagrees"


def test_the_text_against_the_table() -> None:
    text = "tables:\n" + table("T", "a: 26, b: 12", "years: 4 ± 6 | 10 ± 10")
    claim = "{type: order, table: T, row: years, higher: %s, lower: %s}"
    assert only(claim_checks(claim % ("a", "b"), text), "order").verdict == "disagrees"
    assert only(claim_checks(claim % ("b", "a"), text), "order").verdict == "agrees"
