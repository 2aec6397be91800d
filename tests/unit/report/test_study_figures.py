"""Every figure draws, twice the same, with hostile words harmless and without plotting state left behind."""

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_study

from neurolupus.report.study_figures import SYNTHETIC, draw_figure, inline_svg

pytestmark = pytest.mark.slow

MATHEMATICS = "$5 to $6_x"  # matplotlib would typeset what stands between dollars


@pytest.mark.parametrize("make", a_study.EVERY_FIGURE, ids=lambda make: make.__name__)
def test_the_same_figure_gives_the_same_bytes_and_words_of_the_data_do_no_harm(make):
    words = f"{MATHEMATICS} {a_study.HOSTILE}"
    first, second = draw_figure(make(words)), draw_figure(make(words))
    assert first == second
    assert first.svg.startswith(b"<?xml")
    assert first.pdf.startswith(b"%PDF")
    assert first.png.startswith(b"\x89PNG")
    svg = inline_svg(first, words)
    assert "<script" not in svg
    ET.fromstring(svg.replace("xlink:href", "href"))
    assert MATHEMATICS in svg


@cache
def plain_survival():
    return draw_figure(a_study.a_survival())


def test_a_figure_of_simulated_patients_says_so():
    svg = draw_figure(a_study.a_survival(), is_synthetic=True).svg.decode()
    assert SYNTHETIC in svg
    assert SYNTHETIC not in plain_survival().svg.decode()


def test_words_stay_words_in_the_svg():
    svg = plain_survival().svg.decode()
    for words in ("Number at risk", "log-rank p = 0.042", "Years"):
        assert words in svg


def test_ids_of_two_figures_on_one_page_differ():
    first, second = (
        inline_svg(draw_figure(replace(a_study.a_survival(), id=name)), "x") for name in ("km-full", "km-matched")
    )
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, known in ((first, ids[0]), (second, ids[1])):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= known
        assert set(re.findall(r'href="#([^"]+)"', svg)) <= known


def test_the_flow_names_every_reason_and_every_group():
    svg = draw_figure(a_study.a_flow()).svg.decode()
    for words in ("no lumbar puncture: 50", "Intrathecal", "147"):
        assert words in svg


def test_an_unbounded_interval_is_drawn_as_an_arrow():
    plain = draw_figure(a_study.a_forest()).svg
    odd = draw_figure(a_study.a_forest(estimate=0.0, ci_low=0.0, ci_high=float("inf"), text="0 (0–Inf)")).svg
    assert plain != odd
    assert b"nan" not in odd.lower().replace(b"dominant", b"")


def test_cumulative_incidence_starts_at_zero():
    assert draw_figure(a_study.a_survival(is_incidence=True)).svg != plain_survival().svg


def test_pyplot_is_never_loaded():
    assert "matplotlib.pyplot" not in sys.modules
