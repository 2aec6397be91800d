"""Whether a patient's volumes may be shown: where they are sealed, not before the consensus is recorded.

The MRI paper names the circularity as its limit: who has seen atrophy may attribute by it, and the attribution is what
the volumes are then compared by.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from neurolupus.store.decisions import is_decided
from neurolupus.store.schema import audit, consensus, patients
from neurolupus.store.settings_rows import get_setting
from neurolupus.store.trail import Writer

SEAL_VOLUMES = "seal_volumes"
OPENED = "volumes.opened"


def volumes_open(connection: Connection, patient: str | None) -> bool:
    """Whether the volumes of a patient's scans may be shown, to anybody and anywhere.

    Parameters
    ----------
    connection : Connection
    patient : str or None
        The store's id; a scan that belongs to no patient is never sealed.
    """
    if patient is None or not get_setting(connection, SEAL_VOLUMES, False):
        return True
    return is_decided(connection, patient) or was_opened(connection, patient)


def was_opened(connection: Connection, patient: str) -> bool:
    """Whether somebody has broken the seal."""
    query = select(audit.c.seq).where(audit.c.patient_id == patient, audit.c.action == OPENED).limit(1)
    return connection.execute(query).first() is not None


def open_volumes(writer: Writer, patient: str, why: str) -> None:
    """Break the seal of one patient's volumes, for everybody; who did it and why stays in the trail."""
    writer.note(OPENED, patient, after={"why": why}, patient=patient)


def sealed_patients(connection: Connection) -> set[str]:
    """Every patient whose volumes may not be shown: none while the setting is off."""
    if not get_setting(connection, SEAL_VOLUMES, False):
        return set()
    decided = set(connection.scalars(select(consensus.c.patient_id).distinct()))
    opened = set(connection.scalars(select(audit.c.patient_id).where(audit.c.action == OPENED).distinct()))
    return set(connection.scalars(select(patients.c.id))) - decided - opened
