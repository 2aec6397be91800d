"""Rows of tables, worked by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from printed_texts import only, row_checks

from neurolupus.study.audit import VERDICTS

INTRATHECAL = "control: 192, intrathecal: 194"


def test_the_four_tests_of_a_cross_table() -> None:
    # 115/192 against 136/194: chi-square 386 (115·58 - 77·136)² / (251·135·192·194) = 4.421, p 0.0355;
    # with Yates' correction 386 (|...| - 193)² / ... = 3.984, p 0.0460. Fisher as in R's fisher.test.
    check = only(row_checks("115(59.9) | 136(70.1) | 0.559", arms=INTRATHECAL), "p-value")
    assert check.verdict == "disagrees"
    assert check.size == "conclusion"  # printed above 0.05, recomputed below by every test
    found = {one.method: one.value for one in check.recomputed}
    assert found["chi-square"] == pytest.approx(0.0355, abs=5e-5)
    assert found["chi-square with Yates' correction"] == pytest.approx(0.0460, abs=5e-5)
    assert found["N - 1 chi-square"] == pytest.approx(0.0357, abs=5e-5)
    assert found["Fisher"] == pytest.approx(0.0425, abs=5e-5)


def test_the_test_that_gives_the_printed_p_is_named() -> None:
    check = only(row_checks("26(13.5) | 18(9.3) | 0.247", arms=INTRATHECAL), "p-value")
    assert check.verdict == "agrees"
    assert check.fits == ("chi-square with Yates' correction",)
    assert not check.is_notable
    stated = only(row_checks("{values: 26(13.5) | 18(9.3) | 0.247, test: fisher}", arms=INTRATHECAL), "p-value")
    assert stated.is_notable  # the paper says Fisher's test; Yates' correction gives it
    assert "The paper says Fisher's exact test; that does not give it." in stated.note


@pytest.mark.parametrize(
    ("row", "verdict", "size", "words"),
    [
        ("33 (87%) | 108 (92%)", "agrees", "", ""),
        ("3 (7%) | 108 (92%)", "disagrees", "last digit", "cut off, not rounded"),  # 7.89
        ("33 (94%) | 108 (92%)", "disagrees", "number", "fits a denominator of 35"),
    ],
)
def test_a_percentage_is_checked_against_its_count(row: str, verdict: str, size: str, words: str) -> None:
    check = next(one for one in row_checks(row) if one.subject == "percentage")
    assert (check.verdict, check.size) == (verdict, size)
    assert words in check.note


def test_persons_left_out_are_counted_and_the_test_uses_who_remains() -> None:
    # 33 (17.8 %) of 192 fits 185, 27 (14.0 %) of 194 fits 193, and Yates' p is 0.377.
    checks = row_checks("33(17.8) | 27(14.0) | 0.377", arms=INTRATHECAL, more="    missing: omitted\n")
    assert {one.verdict for one in checks} == {"agrees"}
    check = only(checks, "p-value")
    assert check.fits == ("chi-square with Yates' correction, n 185 and 193",)
    strict = row_checks("33(17.8) | 27(14.0) | 0.377", arms=INTRATHECAL)
    assert [one.verdict for one in strict if one.subject == "percentage"] == ["disagrees", "disagrees"]


def test_more_than_half_left_out_is_not_taken_for_granted() -> None:
    # 21 (33.3 %) fits 63 of 147: 57 % would be missing.
    check = next(iter(row_checks("21(33.3) | 18(32.7) | 1", arms="a: 147, b: 147", more="    missing: omitted\n")))
    assert (check.verdict, check.size) == ("disagrees", "number")
    assert "57 % without a value" in check.note


def test_counts_are_inferred_from_percentages_alone() -> None:
    check = only(row_checks("17.2% | 29.4% | 0.009", arms=INTRATHECAL), "p-value")
    assert check.verdict == "disagrees"
    assert "Counts inferred from the percentages: 33 and 57." in check.note


def test_a_t_test_over_everything_that_is_printed_so() -> None:
    # 40 ± 14 of 38, 42 ± 13 of 117: pooled variance (37·196 + 116·169)/153 = 175.5, t = 2 / 2.474 = 0.8085, p 0.420.
    check = only(row_checks("40 ± 14 | 42 ± 13 | 0.351"), "p-value")
    assert check.verdict == "agrees within rounding"
    student, welch = check.recomputed
    assert student.value == pytest.approx(0.420, abs=5e-4)
    assert (student.low, student.high) == pytest.approx((0.209, 0.697), abs=1e-3)
    assert welch.value == pytest.approx(0.439, abs=1e-3)
    assert only(row_checks("40 ± 14 | 42 ± 13 | 0.130"), "p-value").verdict == "disagrees"
    assert only(row_checks("40 ± 14 | 42 ± 13 | 0.02"), "p-value").size == "conclusion"


def test_a_rank_test_cannot_be_recomputed_from_means() -> None:
    check = only(row_checks("{values: 6 ± 8 | 8 ± 8 | 0.083, test: mann_whitney}"), "p-value")
    assert check.verdict == "cannot be recomputed"
    assert [one.value for one in check.recomputed] == pytest.approx([0.183, 0.185], abs=1e-3)


def test_whole_numbers_that_cannot_have_their_mean() -> None:
    # 38 whole numbers: 42/38 = 1.105, 43/38 = 1.132; 1.12 lies between.
    checks = row_checks("{values: 1.12 ± 1.10 | 0.79 ± 1.10, integers: 1}")
    assert [one.verdict for one in checks] == ["disagrees", "agrees"]
    assert "GRIM" in checks[0].note
    assert [one.value for one in checks[0].recomputed] == pytest.approx([42 / 38, 43 / 38])


def test_a_standard_deviation_too_large_for_its_range() -> None:
    # Values from 0 to 4 with mean 2 have an SD of at most 2 sqrt(38/37).
    checks = row_checks("{values: 2.0 ± 2.5 | 2.0 ± 1.5, range: [0, 4]}")
    assert [one.verdict for one in checks] == ["disagrees", "agrees"]
    assert checks[0].recomputed[0].value == pytest.approx(2 * (38 / 37) ** 0.5, abs=1e-9)


def test_medians_far_apart_do_not_go_with_a_large_p() -> None:
    far = only(row_checks('"24[16.8,30] | 31[20,36] | 0.265"', arms=INTRATHECAL), "p-value")
    assert (far.verdict, far.size) == ("disagrees", "conclusion")


@pytest.mark.parametrize(
    ("p", "verdict"), [("0.265", "cannot be recomputed"), ("0.02", "cannot be recomputed"), ("0.0001", "disagrees")]
)
def test_medians_close_together_do_not_go_with_a_tiny_p(p: str, verdict: str) -> None:
    # The approximations are 0.34 and 0.22, z 0.95 and 1.22; 0.02 is z 2.33, 0.0001 is z 3.89.
    check = only(row_checks(f'"29[21.75, 40.25] | 31[24, 39.75] | {p}"', arms=INTRATHECAL), "p-value")
    assert check.verdict == verdict


@pytest.mark.parametrize(
    "row",
    [
        "0 (0%) | 0 (0%) | 1", "38 (100%) | 117 (100%) | 1", '"- | -"', "5 ± 0 | 5 ± 0 | 1",
        '"5 [5, 5] | 5 [5, 5] | 0.5"', '"- | 3 (3%) | 0.5"',
    ],
)  # fmt: skip
def test_what_has_nothing_to_test_denies_nothing(row: str) -> None:
    assert all(one.verdict != "disagrees" for one in row_checks(row))


def test_single_patients_and_very_many_are_no_trouble() -> None:
    assert row_checks('"5 [5, 5] | 6 [5, 7] | 0.5"', arms="a: 1, b: 1")[0].verdict == "cannot be recomputed"
    # Hundreds of tables fit: seconds, not minutes.
    assert only(row_checks("33.3% | 33.3% | 0.9", arms="a: 90000, b: 80000"), "p-value").verdict in VERDICTS
