"""The list of cases: what is put in, and which group each belongs to."""

from dataclasses import dataclass, field
from typing import Any, Literal

from truth import HELD_OUT

Kind = Literal["simulated", "longitudinal", "lesions"]
ALL_HEADS = tuple(f"head-{n:02d}" for n in range(1, 15))
SEEN = tuple(head for head in ALL_HEADS if head not in HELD_OUT)
THICK = (1.17, 1.17, 1.2)  # voxels of the T1w of Inglese et al. (2021)


@dataclass(frozen=True, slots=True)
class Case:
    """One pair to measure.

    `group` is what the case is counted under. `head` and `options` are for simulate(); `participant`, `session` and
    `moved` (degrees, mm added to the FLAIR's header) for real scans. `t1w_only` measures again without FLAIR, which is
    how volumes come out when lesions are not filled. `peers` compares with ANTs where it is installed.
    """

    name: str
    kind: Kind
    group: str
    head: str = ""
    participant: str = ""
    session: str = ""
    moved: tuple[float, float] | None = None
    t1w_only: bool = False
    peers: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def simulated(
    name: str, group: str, head: str, seed: int, *, t1w_only: bool = False, peers: bool = False, **options: Any
) -> Case:
    """A simulated case; its name ends with the head's."""
    options = {"seed": seed, **options}
    return Case(f"{name}_{head}", "simulated", group, head=head, t1w_only=t1w_only, peers=peers, options=options)


def all_cases() -> tuple[Case, ...]:
    """Every case in the order of the table."""
    cases: list[Case] = []
    for participant, session in (("01", "1"), ("01", "2"), ("04", "1"), ("20", "2")):
        name = f"real_sub-{participant}_ses-{session}"
        cases.append(Case(name, "longitudinal", "real", participant=participant, session=session, peers=True))
    for number, (participant, session) in enumerate((("01", "1"), ("01", "2"), ("04", "1"), ("20", "2"))):
        name = f"real-moved_sub-{participant}_ses-{session}"
        moved = (15.0, 20.0) if number % 2 == 0 else (8.0, 10.0)
        cases.append(Case(name, "longitudinal", "real moved", participant=participant, session=session, moved=moved))
    cases += [Case(f"real_sub-{p}", "lesions", "real lesions", participant=p, peers=True) for p in ("xs19", "xs26")]

    a, b, c, d = HELD_OUT
    for number, head in enumerate(HELD_OUT):
        cases.append(simulated("3d", "held out", head, 100 + number, peers=True))
        cases.append(simulated("2d", "held out", head, 110 + number, flair="2d"))
        cases.append(simulated("random-skull", "held out", head, 120 + number, skull="random"))
    cases += [
        simulated("noise-1_bias-0", "held out", a, 130, noise=1, bias=0),
        simulated("noise-5_bias-40", "held out", b, 131, noise=5, bias=0.4),
        simulated("noise-5_bias-40_2d_random-skull", "held out", c, 132, noise=5, bias=0.4, flair="2d", skull="random"),
        simulated("noise-5_bias-40_1.5T", "held out", d, 133, noise=5, bias=0.4, field_t=1.5),
        simulated("noise-9_bias-40", "harsh", a, 134, noise=9, bias=0.4),
        simulated("noise-9_bias-40_2d", "harsh", c, 135, noise=9, bias=0.4, flair="2d", field_t=1.5),
        simulated("motion", "harsh", b, 136, motion=1.0),
        simulated("motion_random-skull", "harsh", d, 137, motion=0.7, skull="random"),
        simulated("spgr_1.5T", "held out", b, 138, t1w="spgr", field_t=1.5),
        simulated("paper-voxels_2d", "held out", a, 139, t1w_voxel_mm=THICK, flair="2d"),
        simulated("paper-voxels_2d", "held out", d, 140, t1w_voxel_mm=THICK, flair="2d"),
        simulated("2d-T1w", "thick T1w", b, 141, t1w="se2d", flair="2d", field_t=1.5),
    ]
    loads = ((0.3, a), (1.0, c), (3.0, b), (10.0, a), (30.0, c), (50.0, d))
    for number, (load, head) in enumerate(loads):
        cases.append(simulated(f"load-{load:g}ml_3d", "lesion load", head, 150 + number, lesion_ml=load, t1w_only=True))
        cases.append(
            simulated(
                f"load-{load:g}ml_2d", "lesion load", head, 160 + number, lesion_ml=load, t1w_only=True, flair="2d"
            )
        )
    for number, head in enumerate(HELD_OUT):
        flair = "3d" if number % 2 == 0 else "2d"
        cases.append(
            simulated(
                f"turned-15deg-20mm_{flair}",
                "turned",
                head,
                170 + number,
                flair=flair,
                offset_degrees=15.0,
                offset_mm=20.0,
            )
        )
    for head in (c, a):
        cases += [simulated(f"rescan-{n}", "rescan", head, 180 + n, person_seed=180) for n in range(1, 6)]
    cases += [simulated("3d", "seen", head, 200 + n) for n, head in enumerate(SEEN)]
    return tuple(cases)


QUICK = (
    "real_sub-01_ses-1",
    "real_sub-xs19",
    f"3d_{HELD_OUT[1]}",
    f"noise-5_bias-40_2d_random-skull_{HELD_OUT[2]}",
    f"load-10ml_3d_{HELD_OUT[0]}",
)


def choose(patterns: list[str], *, quick: bool) -> tuple[Case, ...]:
    """Cases of the names or groups given, or whose name holds a pattern; without patterns all, or QUICK."""
    cases = all_cases()
    if patterns:
        exact = {c.name for c in cases} | {c.group for c in cases}
        loose = [p for p in patterns if p not in exact]
        chosen = tuple(c for c in cases if c.name in patterns or c.group in patterns or any(p in c.name for p in loose))
        if not chosen:
            known = ", ".join(c.name for c in cases)
            raise SystemExit(f"No case matches {' '.join(patterns)}. Known: {known}")
        return chosen
    return tuple(c for c in cases if not quick or c.name in QUICK)
