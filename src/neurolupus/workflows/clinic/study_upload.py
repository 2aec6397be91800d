"""Study files and tables that people upload: bounded before they are read, and named by us, never by them."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from neurolupus.errors import StudyFileError, TableError
from neurolupus.io.atomic import replacing
from neurolupus.store.engine import Store
from neurolupus.store.studies import FOLDER, Study, add_study, edit_study
from neurolupus.workflows.clinic.cohort_criteria import criteria_of
from neurolupus.workflows.clinic.study_text import LARGEST_STUDY_BYTES, parse_study_text

LARGEST_TABLE_BYTES = 16 << 20
LARGEST_UNPACKED_BYTES = 256 << 20
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """An uploaded table: what its owner calls it, and what is in it."""

    name: str
    content: bytes


def study_text(raw: bytes) -> str:
    """The text of an uploaded study file.

    Raises
    ------
    StudyFileError
        It is too large, no text, or has faults.
    """
    if len(raw) > LARGEST_STUDY_BYTES:
        raise StudyFileError(
            f"The study file has more than {LARGEST_STUDY_BYTES:,} bytes, which is all that is read.\n"
            "    Is it the table?"
        )
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise StudyFileError("The study file is no UTF-8 text.\n    Save it as UTF-8.") from None
    parse_study_text(text)
    return text


def keep_study(
    store: Store, who: str, *, name: str, text: str, criteria: Plain | None = None, table: Table | None = None
) -> str:
    """Keep a new study in somebody's name; returns its id. One of `criteria` and `table` is given."""
    study = str(uuid.uuid4())
    cohort = _cohort(store, f"{FOLDER}/{study}", criteria, table)
    parse_study_text(text)
    with store.write(who) as writer:
        return add_study(writer, name, text, cohort, study=study)


def change_study(
    store: Store,
    who: str,
    study: Study,
    version: int,
    *,
    name: str,
    text: str,
    criteria: Plain | None = None,
    table: Table | None = None,
) -> int:
    """Keep a study as edited from a version; without criteria and table its patients stay those they were."""
    parse_study_text(text)
    is_same = criteria is None and table is None
    cohort = study.cohort if is_same else _cohort(store, study.folder, criteria, table)
    with store.write(who) as writer:
        return edit_study(writer, study.id, version, name=name, text=text, cohort=cohort)


def _cohort(store: Store, folder: str, criteria: Plain | None, table: Table | None) -> Plain:
    if table is None:
        return {"criteria": criteria_of(criteria or {}).as_data()}
    suffix = _checked(table)
    digest = hashlib.sha256(table.content).hexdigest()
    kept = f"table-{digest[:16]}{suffix}"
    with replacing(store.files / folder / kept) as stream:
        stream.write(table.content)
    return {"table": kept, "name": PurePath(table.name).name[:128], "sha256": digest}


def _checked(table: Table) -> str:
    suffix = PurePath(table.name).suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise TableError(
            f"The table ends in {suffix or 'nothing'!r}; one of {', '.join(TABLE_SUFFIXES)} is needed.\n"
            "    Save it as CSV UTF-8."
        )
    if not table.content or len(table.content) > LARGEST_TABLE_BYTES:
        raise TableError(
            f"The table is empty or has more than {LARGEST_TABLE_BYTES:,} bytes, which is all that is read here.\n"
            "    Run a larger one with neurolupus study run."
        )
    if suffix == ".xlsx":
        try:
            unpacked = sum(one.file_size for one in zipfile.ZipFile(io.BytesIO(table.content)).infolist())
        except zipfile.BadZipFile:
            raise TableError("The table is no readable workbook.\n    Save it again, or as CSV UTF-8.") from None
        if unpacked > LARGEST_UNPACKED_BYTES:
            raise TableError(f"The workbook unpacks to {unpacked:,} bytes; that is no table.\n    Save it as CSV.")
    return suffix
