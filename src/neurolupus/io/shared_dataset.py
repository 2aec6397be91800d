"""A BIDS data set made to be given away: its description, its participants, its sidecars, without identities."""

import json
from collections.abc import Iterable
from pathlib import Path

from neurolupus.io.atomic import write_json, write_text
from neurolupus.io.dataset import BIDS_VERSION
from neurolupus.io.participants import read_participants
from neurolupus.io.sidecar import kept_fields, read_sidecar

OLDEST_YEARS = 89  # 45 CFR 164.514(b)(2)(i)(C)
README = """Brain scans without faces, written by neurolupus deface.

Faces and ears are cleared to zero; the intracranial space and a margin around it are as they were, to the last bit.
The JSON file beside each image says how much was cleared. Sidecars hold facts of the scanner and the sequence only.
"""


def write_shared_dataset(source: Path, out: Path, participants: Iterable[str], *, version: str) -> None:
    """Write description, README and participants.tsv (age up to 89, sex, group) of a data set to be shared.

    Parameters
    ----------
    source, out : Path
        The data set the scans come from, and the new one.
    participants : iterable of str
        Labels of those in it.
    version : str
        Of neurolupus.
    """
    description = {
        "Name": f"{_name(source)} (without faces)",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "neurolupus", "Version": version, "Description": "deface"}],
    }
    write_json(out / "dataset_description.json", description)
    write_text(out / "README", README)
    known = read_participants(source)
    rows = ["participant_id\tage\tsex\tgroup"]
    for label in sorted(set(participants)):
        who = known.get(label)
        age = None if who is None or who.age_years is None else min(who.age_years, OLDEST_YEARS)
        cells = (f"sub-{label}", None if age is None else f"{age:g}", who and who.sex, who and who.group)
        rows.append("\t".join(cell or "n/a" for cell in cells))
    write_text(out / "participants.tsv", "".join(f"{row}\n" for row in rows))


def shared_sidecar(image: Path) -> dict[str, object]:
    """What may be told of how an image was taken: the fields of `KEPT_FIELDS`, inherited ones included."""
    return kept_fields(read_sidecar(image).fields)


def _name(source: Path) -> str:
    try:
        described = json.loads((source / "dataset_description.json").read_text(encoding="utf-8-sig"))
        return str(described["Name"])[:200]
    except (OSError, ValueError, KeyError, TypeError):
        return "Brain scans"
