"""Two tables of volumes: which scans are in both, and how well each volume agrees."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import TableError
from neurolupus.imaging.agreement import VolumeAgreement, volume_agreement
from neurolupus.io.tables import VolumeTable
from neurolupus.stats.precision import HALF_WIDTH_LIMITS, has_spread, limit_half_width, n_for_limits

COMPARED = ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml")


@dataclass(frozen=True, slots=True, eq=False)
class PairedVolumes:
    """One column of both tables, scan by scan, and how well it agrees; None when fewer than two scans have both."""

    name: str
    scans: tuple[str, ...]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    agreement: VolumeAgreement | None
    defined_a: str = ""
    defined_b: str = ""

    @property
    def limit_half_width_ml(self) -> float | None:
        """Half the 95 % interval of either limit of agreement; None where differences do not vary."""
        if self.agreement is None or not has_spread(self.agreement.sd):
            return None
        return limit_half_width(self.agreement.n, self.agreement.sd)


@dataclass(frozen=True, slots=True, eq=False)
class TableComparison:
    """Two tables of volumes, matched by scan.

    Parameters
    ----------
    only_a, only_b : tuple of str
        Scans that the other one lacks.
    unusable : tuple of str
        Scans of both that either marks as not usable: left out, as a study leaves them out.
    """

    a: VolumeTable
    b: VolumeTable
    columns: tuple[PairedVolumes, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    matched_by: str
    unusable: tuple[str, ...] = ()
    limits_within: float = HALF_WIDTH_LIMITS

    @property
    def limits_needed(self) -> int:
        """How many scans would give limits of agreement within ± `limits_within` standard deviations."""
        return n_for_limits(1.0, self.limits_within)

    def summary(self) -> dict[str, object]:
        """JSON of the comparison."""
        return {
            "a": {"name": self.a.name, "kind": self.a.kind},
            "b": {"name": self.b.name, "kind": self.b.kind},
            "matched_by": self.matched_by,
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "unusable": list(self.unusable),
            "limits_half_width_ml": {c.name: c.limit_half_width_ml for c in self.columns},
            "limits_within_sd": self.limits_within,
            "limits_needed": self.limits_needed,
            "volumes": {c.name: asdict(c.agreement) if c.agreement else None for c in self.columns},
        }


def compare_tables(a: VolumeTable, b: VolumeTable) -> TableComparison:
    """Compare the volumes that both tables hold, scan by scan; `a` is the reference.

    Scans are matched by participant and session; tables that name no scans by their order, if both have as many rows.
    Those that either table marks as not usable are left out.

    Raises
    ------
    TableError
        No usable scan is in both, or no volume is.
    """
    matches, matched_by = _match(a, b)
    names = [name for name in COMPARED if name in a.columns and name in b.columns]
    if not names:
        raise TableError(
            f"{a.name} has {', '.join(a.columns)} and {b.name} {', '.join(b.columns)}; no volume is in both.\n"
            "    Compare tables that share gm_ml, wm_ml, csf_ml, tiv_ml or wmh_ml."
        )
    may_be_used = [a.keys[i] not in a.unusable and b.keys[j] not in b.unusable for i, j in matches]
    unusable = tuple(_name_in(a, b, i, j) for (i, j), use in zip(matches, may_be_used, strict=True) if not use)
    in_both = [match for match, use in zip(matches, may_be_used, strict=True) if use]
    if not in_both:
        raise TableError(
            f"Of the {len(matches)} scans that {a.name} and {b.name} share, none is usable in both; volumes that may "
            "be used are compared.\n    The column unusable_reason tells why."
        )
    in_a, in_b = (np.array(indices) for indices in zip(*in_both, strict=True))
    scans = tuple(_name_in(a, b, i, j) for i, j in in_both)
    columns = tuple(_paired(name, scans, a, b, in_a, in_b) for name in names)
    matched_a, matched_b = ({match[side] for match in matches} for side in (0, 1))
    only_a = tuple(_scan_name(a, i) for i in range(len(a.keys)) if i not in matched_a)
    only_b = tuple(_scan_name(b, j) for j in range(len(b.keys)) if j not in matched_b)
    return TableComparison(a, b, columns, only_a, only_b, matched_by, unusable)


def _match(a: VolumeTable, b: VolumeTable) -> tuple[list[tuple[int, int]], str]:
    """Row numbers of the same scan in both tables, and by what they were matched."""
    if not (a.has_keys and b.has_keys):
        if len(a.keys) != len(b.keys):
            raise TableError(
                f"{a.name} has {len(a.keys)} rows and {b.name} {len(b.keys)}, and one of them names no scans; "
                "as many rows in the same order are needed.\n    Add a column with the names."
            )
        return [(i, i) for i in range(len(a.keys))], "row number"
    places = {key: j for j, key in enumerate(b.keys)}
    matches = [(i, places[key]) for i, key in enumerate(a.keys) if key in places]
    if not matches:
        raise TableError(
            f"{a.name} ({_examples(a)}) and {b.name} ({_examples(b)}) share no scan; the same participants and "
            "sessions are needed.\n    Make their names alike: sub-01, with ses-1 in both or in neither."
        )
    return matches, "participant and session"


def _paired(
    name: str, scans: Sequence[str], a: VolumeTable, b: VolumeTable, in_a: NDArray[np.int_], in_b: NDArray[np.int_]
) -> PairedVolumes:
    x, y = a.columns[name][in_a], b.columns[name][in_b]
    complete = int(np.count_nonzero(np.isfinite(x) & np.isfinite(y)))
    agreement = volume_agreement(x, y) if complete > 1 else None
    told = [(table.definitions or {}).get(name, "") for table in (a, b)]
    return PairedVolumes(name, tuple(scans), x, y, agreement, *told)


def _name_in(a: VolumeTable, b: VolumeTable, row_a: int, row_b: int) -> str:
    """The name of a matched scan, from the table that names scans."""
    return _scan_name(a, row_a) if a.has_keys else _scan_name(b, row_b)


def _scan_name(table: VolumeTable, row: int) -> str:
    participant, session = table.keys[row]
    return f"{participant}_ses-{session}" if session else str(participant)


def _examples(table: VolumeTable) -> str:
    names = [_scan_name(table, row) for row in range(min(3, len(table.keys)))]
    return ", ".join(names) + (" ..." if len(table.keys) > 3 else "")
