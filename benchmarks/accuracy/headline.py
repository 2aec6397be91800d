"""What the rows say together: each target of the project beside what was reached, with n and which cases."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scoring import coefficient_of_variation

Row = dict[str, Any]
SIMULATED = ("held out", "lesion load")  # 'harsh', 'thick T1w' and 'turned' are shown apart


@dataclass(frozen=True, slots=True)
class Line:
    """One target: what, how much was reached, on what."""

    what: str
    target: str
    reached: str
    met: bool | None
    cases: str


def numbers(rows: Iterable[Row], column: str) -> list[float]:
    """The values of a column that are known."""
    return [float(row[column]) for row in rows if row.get(column) is not None]


def summary(values: list[float], form: str = "{:.3f}") -> str:
    """Mean and range."""
    if not values:
        return "not run"
    one = form.format
    return f"{one(float(np.mean(values)))} ({one(min(values))} to {one(max(values))})"


@dataclass(frozen=True, slots=True)
class Target:
    """A column of the rows of some groups, and what its mean must reach; `at_most` or `at_least` or neither."""

    what: str
    column: str
    groups: tuple[str, ...]
    cases: str
    at_most: float | None = None
    at_least: float | None = None
    sized: bool = False  # judge errors without their sign
    form: str = "{:.3f}"

    def line(self, rows: list[Row]) -> Line:
        """What was reached."""
        values = numbers((row for row in rows if row["group"] in self.groups), self.column)
        values = [abs(v) for v in values] if self.sized else values
        met, target = None, ""
        if self.at_most is not None:
            met, target = float(np.mean(values or [np.nan])) <= self.at_most, f"≤ {self.at_most:g}"
        if self.at_least is not None:
            met, target = float(np.mean(values or [np.nan])) >= self.at_least, f"≥ {self.at_least:g}"
        return Line(
            self.what, target, summary(values, self.form), met if values else None, f"n = {len(values)}, {self.cases}"
        )


HELD, RAW = "held-out heads", "raw pairs of ms-longitudinal"
SEEN = "xs19 and xs26, which the network has seen; left out of training: [Lesions](lesions.md)"
PERCENT = "{:.2f}"
BEFORE_ANTS = (Target("registration, real, mm", "registration_mm", ("real",), RAW, at_most=0.5),)
AFTER_ANTS = (
    Target("registration, real, moved 8–15° and 10–20 mm, mm", "registration_mm", ("real moved",), RAW, at_most=0.5),
    Target("registration, simulated, mm", "registration_mm", (*SIMULATED, "turned"), HELD, at_most=0.1),
    Target("registration, simulated, moved 15° and 20 mm, mm", "registration_mm", ("turned",), HELD, at_most=0.1),
    Target("brain mask Dice, real", "brain_dice", ("real",), RAW, at_least=0.96),
    Target("intracranial mask Dice, simulated", "intracranial_dice", SIMULATED, HELD, at_least=0.975),
    Target("brain mask Dice, simulated", "brain_dice", SIMULATED, HELD, at_least=0.975),
    Target("TIV error without sign, %", "tiv_error_percent", SIMULATED, HELD, 2, sized=True, form=PERCENT),
    Target("TIV error with sign, %", "tiv_error_percent", SIMULATED, HELD, form=PERCENT),
    Target("GM Dice", "gm_dice", SIMULATED, HELD, at_least=0.9),
    Target("WM Dice", "wm_dice", SIMULATED, HELD, at_least=0.9),
    Target("GM volume error without sign, %", "gm_error_percent", SIMULATED, HELD, 3, sized=True, form=PERCENT),
    Target("GM volume error with sign, %", "gm_error_percent", SIMULATED, HELD, form=PERCENT),
    Target("WM volume error without sign, %", "wm_error_percent", SIMULATED, HELD, 3, sized=True, form=PERCENT),
    Target("WM volume error with sign, %", "wm_error_percent", SIMULATED, HELD, form=PERCENT),
    Target(
        "Atropos given the true mask: GM volume error with sign, %",
        "atropos_gm_error_percent",
        ("held out",),
        "3d_*",
        form=PERCENT,
    ),
    Target(
        "Atropos given the true mask: WM volume error with sign, %",
        "atropos_wm_error_percent",
        ("held out",),
        "3d_*",
        form=PERCENT,
    ),
    Target("TBV error without sign, %", "tbv_error_percent", SIMULATED, HELD, sized=True, form=PERCENT),
)
LAST = (
    Target("WMH Dice, painted loads of 0.3–50 ml", "wmh_dice", ("lesion load",), HELD),
    Target("WMH volume error with sign, painted loads, %", "wmh_error_percent", ("lesion load",), HELD, form="{:.0f}"),
    Target("WMH Dice at 0.2, real", "wmh_dice", ("real lesions",), SEEN),
    Target("lesion F1 at 0.2, real", "lesion_f1", ("real lesions",), SEEN),
    Target(
        "GM beside Atropos, real, %",
        "gm_percent_of_atropos",
        ("real", "real lesions"),
        "in the reference brain",
        form=PERCENT,
    ),
    Target(
        "WM beside Atropos, real, %",
        "wm_percent_of_atropos",
        ("real", "real lesions"),
        "in the reference brain",
        form=PERCENT,
    ),
    Target("harsh: intracranial mask Dice", "intracranial_dice", ("harsh",), "held-out heads, 9 % noise or motion"),
    Target("harsh: TIV error without sign, %", "tiv_error_percent", ("harsh",), HELD, sized=True, form=PERCENT),
    Target(
        "heads seen in training: intracranial mask Dice", "intracranial_dice", ("seen",), "a network learned from them"
    ),
    Target("heads seen in training: GM Dice", "gm_dice", ("seen",), "a network learned from them"),
    Target("seconds per pair, other work beside it", "seconds", SIMULATED, "speed is told under Speed", form="{:.0f}"),
)


def headlines(rows: list[Row]) -> list[Line]:
    """The targets in the order of the project's list; figures in brackets are the range over the cases."""
    good = [row for row in rows if "error" not in row]
    groups = {name: [row for row in good if row["group"] == name] for name in ("real", "rescan", "lesion load")}
    lines = [
        *(target.line(good) for target in BEFORE_ANTS),
        ants_line(groups["real"]),
        *(target.line(good) for target in AFTER_ANTS),
        *rescan_lines(groups["rescan"]),
        *filling_lines(groups["lesion load"]),
        *(target.line(good) for target in LAST),
    ]
    return [one for one in lines if one.target or "not run" not in one.reached]


def ants_line(real: list[Row]) -> Line:
    """Ours against ANTs on the same pairs in the same run."""
    both = [row for row in real if row.get("ants_registration_mm") is not None]
    what, target = "registration, real, ours and ANTs', mm", "no worse"
    if not both:
        return Line(what, target, "not run", None, "no real pair run with ANTs installed")
    ours, theirs = (float(np.mean(numbers(both, c))) for c in ("registration_mm", "ants_registration_mm"))
    return Line(what, target, f"{ours:.3f} and {theirs:.3f}", ours <= theirs, f"n = {len(both)}, {RAW}, same run")


def rescan_lines(rescans: list[Row]) -> list[Line]:
    """Coefficient of variation over rescans of one person: other noise, other position."""
    lines = []
    heads = sorted({str(row["head"]) for row in rescans})
    for column, limit in (("tbv_ml", 0.17), ("gm_ml", None), ("wm_ml", None), ("tiv_ml", None), ("wmh_ml", None)):
        scans = [numbers((row for row in rescans if row["head"] == head), column) for head in heads]
        values = [coefficient_of_variation(volumes) for volumes in scans if len(volumes) >= 3]
        met = max(values) <= limit if values and limit else None
        name = column[:-3].upper()
        cases = f"n = {len(values)} heads, {len(rescans)} scans; the worse head is judged"
        target = f"≤ {limit}" if limit else ""
        lines.append(Line(f"{name} coefficient of variation over rescans, %", target, summary(values), met, cases))
    return lines


def filling_lines(loads: list[Row]) -> list[Line]:
    """Errors with lesions filled beside the same T1w measured alone, where the load is 8 ml or more."""
    heavy = [row for row in loads if (row.get("wmh_ml_truth") or 0) >= 8]
    lines = []
    for tissue in ("gm", "wm"):
        both = [row for row in heavy if row.get(f"{tissue}_error_percent_unfilled") is not None]
        if not both:
            continue
        filled = summary(numbers(both, f"{tissue}_error_percent"), PERCENT)
        unfilled = summary(numbers(both, f"{tissue}_error_percent_unfilled"), PERCENT)
        what = f"{tissue.upper()} volume error filled, and unfilled, 8 ml of lesions and more, %"
        lines.append(Line(what, "shown", f"{filled}, and {unfilled}", None, f"n = {len(both)}, {HELD}"))
    return lines
