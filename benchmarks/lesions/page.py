"""The results as a page: docs/reference/lesions.md."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from calibrate import SEEN_BY_EXPERTS
from dimensions import KINDS, apart, means, pairs
from lesion_cases import STRATA
from rows import TOLD_WHERE

from neurolupus.imaging.wmh_calibration import calibration

Row = dict[str, Any]
HEADINGS = ("case", "true ml", "found ml", "sum of p, ml", "Dice", "lesion F1", "found of 3-50 mm³", "false lesions")


def write_page(rows: Sequence[Row], report: Path, target: Path) -> None:
    """Write the page from the judged rows and the report of training/wmh/calibrate.py."""
    target.write_text(text_of(rows, json.loads(report.read_text()) if report.exists() else {}), encoding="utf-8")


def text_of(rows: Sequence[Row], report: dict[str, Any]) -> str:
    """The page."""
    point = calibration().operating_point
    parts = [
        "# Lesions: how well white matter hyperintensities are found",
        "`benchmarks/lesions/run.py` wrote this page; what each number means is told in "
        "`benchmarks/lesions/README.md`. Simulated heads (03, 08, 09, 11) were seen by no network, and their simulator "
        "is not the one that trained it. The rows of xs19 and xs26 come from networks that never saw that patient; the "
        "shipped one has seen both. **No scan of a patient with lupus is among them.**",
        f"*Operating point*: lesions at {point:g} whose surest voxel reaches {calibration().operating_peak:g}, each "
        "out to half of its own brightness (the model card tells how both were chosen). *0.2*: the mask "
        "of the MRI paper, which takes in more. *Sum of p*: the volume expected from the probabilities, no threshold.",
        f"*The {TOLD_WHERE}* is no method: it is the one limit of brightness that agrees best with the truth "
        "of that very scan, looked for only within 3 mm of its lesions. It tells what is in a scan to be found: thick "
        "slices, and lesions as dull as what lies beside them, keep it low.",
        "## Real patients, expert lesions",
        _table(_of(rows, ("real",))),
        "## Real brains, their own lesions healed, others' small ones painted in (1 to 2 ml)",
        _table(_of(rows, ("real brain, 1-2 ml painted",))),
        "## By load, simulated heads",
        _strata(rows),
        "## Brains without lesions: false lesions in each",
        _false(rows),
        "## 2D (3.6 mm) and 3D FLAIR of one head",
        "In brackets: 2D less 3D, in per cent of the mean of the two.",
        _dimensions(rows),
        "## One person of 3 ml, disturbed in one way at a time",
        _table([r for r in _of(rows, ("robustness, 3 ml",)) if r["method"] == "network" and r["threshold"] == point]),
        "## What the numbers of one scan mean",
        _meaning(report, rows),
        "## Every simulated case at the operating point",
        _table([r for r in _of(rows, (*STRATA, "rescan")) if r["method"] == "network" and r["threshold"] == point]),
    ]
    return "\n\n".join(parts) + "\n"


def _of(rows: Iterable[Row], groups: Sequence[str]) -> list[Row]:
    return [r for r in rows if r["group"] in groups]


def _way(row: Row) -> str:
    return TOLD_WHERE if row["method"] == TOLD_WHERE else f"{row['method']} at {row['threshold']:g}"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def _grid(headings: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    return "\n".join([_line(headings), _line("---" for _ in headings), *(_line(cells) for cells in lines)])


def _table(rows: Sequence[Row]) -> str:
    """A row for each case and way."""
    return _grid(
        ("case", "way", *HEADINGS[1:]),
        [
            (
                r["case"], _way(r), _number(r["true_ml"]), _number(r["found_ml"]), _number(r["expected_ml"]),
                _number(r["dice"]), _number(r["lesion_f1"]), _number(r["small_recall"]), _number(r["false_lesions"], 0),
            )
            for r in rows
        ],
    )  # fmt: skip


def _mean(rows: Sequence[Row], name: str) -> float | None:
    values = [r[name] for r in rows if r[name] is not None]
    return mean(values) if values else None


def _strata(rows: Sequence[Row]) -> str:
    lines = []
    for stratum in STRATA:
        of = _of(rows, (stratum,))
        for way in dict.fromkeys(_way(r) for r in of):
            some = [r for r in of if _way(r) == way]
            dices = [r["dice"] for r in some]
            lines.append(
                (
                    stratum, way, len(some), _number(_mean(some, "true_ml")), _number(_mean(some, "found_ml")),
                    _number(_mean(some, "expected_ml")), f"{mean(dices):.2f} ({min(dices):.2f}–{max(dices):.2f})",
                    _number(_mean(some, "lesion_f1")), _number(_mean(some, "small_recall")),
                    _number(_mean(some, "false_lesions"), 1),
                )
            )  # fmt: skip
    of = _of(rows, tuple(STRATA))
    stand_out = [r for r in of if r["contrast"] >= SEEN_BY_EXPERTS]
    for name, among in (("all", of), ("all that stand out", stand_out)):
        lines += _over_all(name, among)
    return _grid(
        ("true ml", "way", "scans", "true, mean", "found", "sum of p", "Dice (range)", *HEADINGS[5:]), lines
    ) + (
        "\n\nLesions stand out where their median FLAIR is above white matter's by at least "
        f"{SEEN_BY_EXPERTS:g} of grey matter's; nine of ten voxels that experts drew are. In xs19 and xs26 the median "
        "is 0.32 and 0.29."
    )  # fmt: skip


def _over_all(name: str, of: Sequence[Row]) -> list[Sequence[object]]:
    lines: list[Sequence[object]] = []
    for way in dict.fromkeys(_way(r) for r in of):
        some = [r for r in of if _way(r) == way]
        lines.append(
            (f"**{name}**", way, len(some), "", "", "", f"**{mean(r['dice'] for r in some):.2f}**",
             _number(_mean(some, "lesion_f1")), _number(_mean(some, "small_recall")),
             _number(_mean(some, "false_lesions"), 1))
        )  # fmt: skip
    return lines


def _false(rows: Sequence[Row]) -> str:
    of = _of(rows, ("simulated, no lesions", "real brain, no lesions"))
    ways = list(dict.fromkeys(_way(r) for r in of))
    lines = []
    for case in dict.fromkeys(r["case"] for r in of):
        by = {_way(r): r for r in of if r["case"] == case}
        lines.append((case, *(f"{by[w]['false_lesions']} ({by[w]['found_ml']:.2f} ml)" for w in ways)))
    note = (
        "Real brains are healed ones: where a lesion was is not counted, nor what lies there by half or more. The "
        "networks have seen sub-01, 04 and 20."
    )
    return _grid(("brain", *ways), lines) + "\n\n" + note


def _dimensions(rows: Sequence[Row]) -> str:
    persons = pairs(rows)
    listed = [p for p in persons if p.group in STRATA]
    lines: list[Sequence[object]] = []
    for person in listed:
        volumes = [(three, two, apart(three, two)) for three, two in person.volumes_ml]
        lines.append((person.name, *(f"{three:.2f} / {two:.2f} ({percent:+.0f} %)" for three, two, percent in volumes)))
    for name, some in (("these", listed), ("these and others", persons)):
        stand_out = [p for p in some if p.contrast >= SEEN_BY_EXPERTS]
        for title, among in ((name, some), (f"{name}, lesions that stand out", stand_out)):
            told = [f"**{m.size:.1f} %**, {m.low:.0f} to {m.high:.0f} (mean {m.signed:+.0f} %)" for m in means(among)]
            lines.append((f"**{title} ({len(among)})**", *told))
    note = (
        "The last rows: the mean size of the difference over so many persons, its 95 % interval, and in brackets the "
        "mean difference. The others have 0.1 to 45 ml; their second scan, with the other FLAIR, calibrated nothing."
    )
    return _grid(("load and head", *(f"{kind}: 3D / 2D ml" for kind in KINDS)), lines) + "\n\n" + note


def _on_real_brains(rows: Sequence[Row]) -> str:
    """How often the interval held the truth where it was not fitted."""
    known = calibration()
    real = [
        r
        for r in _of(rows, ("real", "real brain, 1-2 ml painted"))
        if r["method"] == "network" and r["threshold"] == known.operating_point
    ]
    missed = [
        f"{r['case']} (true {r['true_ml']:.2f}, interval {limits.low_ml:.2f} to {limits.high_ml:.2f} ml)"
        for r in real
        for limits in [known.interval(r["expected_ml"])]
        if not limits.low_ml <= r["true_ml"] <= limits.high_ml
    ]
    told = (
        f"Of the {len(real)} real scans above, as they are and painted, it held the truth in {len(real) - len(missed)}"
    )
    return f"{told}, and not in {'; '.join(missed)}." if missed else f"{told}."


def _meaning(report: dict[str, Any], rows: Sequence[Row]) -> str:
    known = calibration()
    noises = known.noise, known.operating_noise
    change = _grid(
        ("volume, ml", "at 0.2, 2D FLAIR", "3D FLAIR", "operating point, 2D FLAIR", "3D FLAIR"),
        [
            (v, *(_number(n.of(d).smallest_real_change_ml(v)) for n in noises for d in ("2D", "3D")))
            for v in (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
        ],
    )
    interval = _grid(
        ("sum of p, ml", "low", "high"),
        [(v, _number(known.interval(v).low_ml), _number(known.interval(v).high_ml)) for v in (0.2, 0.6, 1, 5, 20)],
    )
    parts = [
        "**Smallest real change** of the volume, ml (95 %): from three scans each of ten simulated persons in other "
        "positions (`rescans.py`) and, as those vary less than real ones, never under 3 % "
        "(Guo 2019, doi:10.3389/fnins.2019.00679):",
        change,
        "**Interval** of the true volume:",
        interval,
    ]
    over = report.get("left_out")
    if over:
        parts.append(
            f"Each of {report['persons']} simulated persons judged by constants fitted on all others, the intervals "
            f"held the truth in {over['inside']} of {over['tested']} scans (95 % is promised); the upper limit was "
            f"{over['median_ratio_of_limits']:.1f} times the lower at the median. {_on_real_brains(rows)}"
        )
        bins = [_line(("probability", "share of lesion", "voxels")), _line(["---"] * 3)]
        bins += [_line(row) for row in over["reliability"]]
        parts += [
            "**Reliability** on the person left out:",
            "\n".join(bins),
            "**Confidence** of a lesion, from its surest voxel, on real brains as they are, healed, and painted; each "
            "patient by weights fitted on the others. Two patients have nearly all of what was found, xs19 mostly true "
            "lesions and xs26 mostly false ones, and one says little of the other: confidence puts the lesions of a "
            "scan in order; how many of them are true it does not tell.",
            _grid(("confidence, mean", "share that touched a true lesion", "lesions"), report["confidence"]),
        ]
    return "\n\n".join(parts)
