"""What the quality-control page shows: every measured scan, where its measures lie among all, who rated what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from neurolupus.report.charts import Dot, strip_plot
from neurolupus.report.group import STRIPS
from neurolupus.report.wording import LABELS, decimals
from neurolupus.stats.robust_z import FAR, robust_z
from neurolupus.store.engine import Store
from neurolupus.store.measurements import Measured, table_of, why_unusable
from neurolupus.store.ratings import excluded, shown_ratings
from neurolupus.store.scans import RATABLE, Scan, list_scans
from neurolupus.store.sealing import volumes_open
from neurolupus.workflows.clinic.map_pictures import maps_of
from neurolupus.workflows.clinic.rating_agreement import MapAgreement, agreement_of
from neurolupus.workflows.clinic.scan_groups import groups_of

OPEN_MAPS = ("T1w", "FLAIR")  # what may be looked at by name while the volumes are sealed


@dataclass(frozen=True, slots=True)
class Tile:
    """One scan in the mosaic; `own` is the viewer's verdict on the map shown, `group` None where it is hidden."""

    code: str
    label: str
    group: str | None
    scan_id: str
    own: str | None
    rated: int
    of: int
    excluded: tuple[str, ...]
    usable: bool
    far_in: tuple[str, ...]
    drawn: bool
    held: bool


@dataclass(frozen=True, slots=True)
class QualityView:
    """All that the page needs; `sealed` scans have no volume in a plot."""

    tiles: tuple[Tile, ...]
    strips: tuple[Markup, ...]
    sealed: int
    agreement: tuple[MapAgreement, ...]


def quality_view(store: Store, who: str, name: str, *, rates: bool, blinded: bool) -> QualityView:
    """What somebody sees of the quality of all scans.

    Parameters
    ----------
    name : str
        The map of the mosaic.
    rates : bool
        Whether they may rate: then ratings of others are hidden until they have given their own.
    blinded : bool
        Codes in the place of names, in an order that tells nothing, and no group.
    """
    with store.read() as connection:
        scans = list_scans(connection, statuses=RATABLE)
        table = table_of(connection, names=[*(name for name, _, _ in STRIPS), "usable"])
        seen = shown_ratings(connection, who, rates=rates)
        groups = {} if blinded else groups_of(connection, scans)
        is_open = {patient: volumes_open(connection, patient) for patient in {one.patient_id for one in scans}}
    sealed = {one.id for one in scans if not is_open[one.patient_id]}
    scans.sort(key=lambda one: one.blinded if blinded else one.label)
    strips, far = _strips(scans, table, groups, set() if blinded else sealed, blinded=blinded)
    reasons = excluded(seen)
    own: dict[str, dict[str, str]] = {one.id: {} for one in scans}
    for given in seen:
        if given.rater == who and given.scan_id in own:
            own[given.scan_id][given.map] = given.verdict
    tiles = [
        _tile(store, one, table.get(one.id, {}), own[one.id], name, reasons, far, groups.get(one.id),
              blinded=blinded, sealed=one.id in sealed)
        for one in scans
    ]  # fmt: skip
    return QualityView(tuple(tiles), strips, 0 if blinded else len(sealed), agreement_of(seen))


def _tile(
    store: Store,
    scan: Scan,
    measured: Mapping[str, Measured],
    own: Mapping[str, str],
    name: str,
    reasons: Mapping[str, list[str]],
    far: Mapping[str, list[str]],
    group: str | None,
    *,
    blinded: bool,
    sealed: bool,
) -> Tile:
    maps = maps_of(store, scan)
    return Tile(
        code=scan.blinded,
        label=scan.blinded if blinded else scan.label,
        group=group,
        scan_id=scan.id,
        own=own.get(name),
        rated=len(own),
        of=len(maps),
        excluded=tuple(reasons.get(scan.id, ())),
        usable=not why_unusable(measured),
        far_in=tuple(far.get(scan.blinded, ())),
        drawn=name in maps and (blinded or not sealed or name in OPEN_MAPS),
        held=scan.status == "held",
    )


def _strips(
    scans: list[Scan],
    table: Mapping[str, Mapping[str, Measured]],
    groups: Mapping[str, str],
    sealed: set[str],
    *,
    blinded: bool,
) -> tuple[tuple[Markup, ...], dict[str, list[str]]]:
    """A plot of each measure, and in which measures each scan lies far out, by its robust z."""
    plots: list[Markup] = []
    far: dict[str, list[str]] = {}
    for name, unit, log in STRIPS:
        values = {}
        for scan in scans:
            found = table.get(scan.id, {}).get(name)
            if found is not None and found.value is not None and not (scan.id in sealed and not name.startswith("qc_")):
                values[scan.id] = found.value
        if len(set(values.values())) < 2:
            continue
        scores = _scores(values, log=log)
        dots, ringed = [], set()
        for scan in scans:
            if scan.id not in values:
                continue
            z = scores.get(scan.id)
            told = f", robust z {z:+.1f}" if z is not None else ""
            note = told + (f", {groups[scan.id]}" if scan.id in groups else "")
            dots.append(Dot(scan.blinded, scan.blinded if blinded else scan.label, values[scan.id], note))
            if z is not None and abs(z) > FAR:
                ringed.add(scan.blinded)
                far.setdefault(scan.blinded, []).append(f"{LABELS[name]} (z {z:+.1f})")
        plots.append(strip_plot(LABELS[name], unit, dots, decimals(name), log=log, far=ringed))
    return tuple(plots), far


def _scores(values: Mapping[str, float], *, log: bool) -> dict[str, float]:
    """The robust z of each scan; on a logarithmic scale zeros have none."""
    used = {key: math.log10(value) if log else value for key, value in values.items() if not log or value > 0}
    return dict(zip(used, robust_z(list(used.values())) or (), strict=False))
