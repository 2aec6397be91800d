"""The scans that lesions are looked for on: loads, protocols, disturbances, rescans, brains without lesions."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["simulated", "real", "healed"]
HELD_OUT = ("head-03", "head-08", "head-09", "head-11")
STRATA: dict[str, tuple[float, ...]] = {
    "0.1-0.5": (0.15, 0.3, 0.45),
    "0.5-1": (0.6, 0.75, 0.9),
    "1-5": (1.5, 2.5, 4.0),
    "5-20": (7.0, 12.0, 18.0),
    "over 20": (25.0, 40.0),
}
CALIBRATION = "calibration"
TURNED = "calibration, 2D and 3D changed about"
OTHERS = 40  # two-sided limits of 95 % from the outermost errors need 39
BOTH = 20  # of these with both FLAIRs


@dataclass(frozen=True, slots=True)
class Case:
    """One pair.

    Parameters
    ----------
    name : str
    kind : {"simulated", "real", "healed"}
        Simulated from a held-out head; a real scan with expert lesions; a real scan healed, with `load_ml` of other
        patients' lesions painted in.
    group : str
        What it is counted under.
    source : str
        Head or patient.
    pair : str
        Cases of one name are of one person with one set of lesions: 2D and 3D, or rescans.
    options : dict
        For simulate(), or the load and largest lesion to paint.
    """

    name: str
    kind: Kind
    group: str
    source: str
    pair: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def all_cases() -> tuple[Case, ...]:
    """Every case, in the order of the table."""
    return (*real(), *healed(), *loads(), *lesion_free(), *grid(), *others(), *turned())


def real() -> list[Case]:
    """Two scans with expert lesions."""
    return [Case(f"real_{p}", "real", "real", p) for p in ("xs19", "xs26")]


def healed() -> list[Case]:
    """Real brains, their own lesions taken out, others' small ones put in, or none."""
    cases = []
    for source in ("xs19", "xs26", "sub-01_ses-1", "sub-01_ses-2", "sub-04_ses-1", "sub-20_ses-2"):
        cases.append(Case(f"free_{source}", "healed", "real brain, no lesions", source, options={"load_ml": 0.0}))
        if source.startswith("xs"):  # the others were trained on
            cases += [
                Case(f"painted-{n}_{source}", "healed", "real brain, 1-2 ml painted", source,
                     options={"load_ml": load, "seed": n})
                for n, load in enumerate((1.1, 1.5, 1.9))
            ]  # fmt: skip
    return cases


def loads() -> list[Case]:
    """Each load as 2D and as 3D of one person, and scanned again twice for some."""
    cases, number = [], 0
    for stratum, amounts in STRATA.items():
        for amount in amounts:
            head = HELD_OUT[number % len(HELD_OUT)]
            person = 500 + number
            for flair in ("3d", "2d"):
                repeats = 3 if amount in (0.3, 0.75, 12.0) else 1
                for visit in range(repeats):
                    options = {
                        "seed": 1000 * (visit + 1) + 2 * number + (flair == "2d"), "person_seed": person,
                        "flair": flair, "lesion_ml": amount,
                    }  # fmt: skip
                    name = f"{amount:g}ml_{flair}_{head}" + (f"_again-{visit}" if visit else "")
                    group = "rescan" if visit else stratum
                    cases.append(Case(name, "simulated", group, head, f"{amount:g}ml", options))
            number += 1
    return cases


def others() -> list[Case]:
    """Other persons with any load, one scan of each: for calibrate.py, which needs many."""
    rng = np.random.default_rng(77)
    cases = []
    for number in range(OTHERS):
        ml = round(float(np.exp(rng.uniform(np.log(0.1), np.log(45)))), 2)
        head, flair = HELD_OUT[number % len(HELD_OUT)], ("3d", "2d")[number // len(HELD_OUT) % 2]
        options = {"seed": 3000 + number, "person_seed": 600 + number, "flair": flair, "lesion_ml": ml}
        name, pair = f"other-{number:02d}_{flair}_{head}", f"other-{number:02d}"
        cases.append(Case(name, "simulated", CALIBRATION, head, pair, options))
    return cases


def turned() -> list[Case]:
    """Half of these persons with the other FLAIR, 2D for 3D and 3D for 2D; calibrate.py does not look at these."""
    cases = []
    for case in others()[:BOTH]:
        flair = {"3d": "2d", "2d": "3d"}[case.options["flair"]]
        options = {**case.options, "seed": case.options["seed"] + 1000, "flair": flair}
        cases.append(Case(f"{case.pair}_{flair}_{case.source}", "simulated", TURNED, case.source, case.pair, options))
    return cases


def lesion_free() -> list[Case]:
    """No lesions at all."""
    return [
        Case(f"free_{flair}_{head}", "simulated", "simulated, no lesions", head,
             options={"seed": 700 + n, "flair": flair, "lesion_ml": 0.0})
        for n, (flair, head) in enumerate(zip(("3d", "2d", "3d", "2d"), HELD_OUT, strict=True))
    ]  # fmt: skip


def grid() -> list[Case]:
    """One person of 3 ml, disturbed in one way at a time."""
    ways: dict[str, dict[str, Any]] = {
        "plain": {}, "noise-1": {"noise": 1}, "noise-5": {"noise": 5}, "noise-9": {"noise": 9},
        "bias-0": {"bias": 0}, "bias-40": {"bias": 0.4}, "motion": {"motion": 0.7}, "1.5T": {"field_t": 1.5},
        "2D": {"flair": "2d"}, "gadolinium": {"gadolinium": True}, "random-skull": {"skull": "random"},
        "T1w-1.2mm": {"t1w_voxel_mm": (1.17, 1.17, 1.2)},
    }  # fmt: skip
    return [
        Case(f"grid_{name}", "simulated", "robustness, 3 ml", "head-09",
             options={"seed": 800, "person_seed": 800, "lesion_ml": 3.0, **way})
        for name, way in ways.items()
    ]  # fmt: skip
