"""The record as a REDCap data dictionary: instruments, fields, choices, units and limits, all from the dataclasses.

Column names and field types are those of REDCap's own export (linkml.io/linkml-redcap/reference/data_dictionary).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import FieldKind, RecordField, record_fields

COLUMNS: Sequence[str] = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
FIRST_FORM = "record"
_TYPES: Mapping[FieldKind, str] = {
    "yes_no": "yesno", "choice": "radio", "choices": "checkbox", "whole_number": "text", "number": "text",
    "date": "text", "text": "text", "texts": "notes",
}  # fmt: skip
_VALIDATION: Mapping[FieldKind, str] = {"whole_number": "integer", "number": "number", "date": "date_ymd"}
_FREE_TEXT = ("note", "attribution.revisions[].why", "attribution.dissent[].opinion")


def redcap_dictionary() -> str:
    """The data dictionary as CSV, to be uploaded in REDCap's Data Dictionary page.

    The first field is the pseudonym. Lists (events, lumbar punctures ...) are instruments of their own; REDCap asks in
    the project's setup which ones repeat. A field left empty is unknown. `Field Annotation` holds the name in a
    patient's record.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows())
    return text.getvalue()


def repeating_forms() -> tuple[str, ...]:
    """The instruments that the project's setup must let repeat."""
    return tuple(dict.fromkeys(_form(one.path) for one in record_fields(PatientRecord) if "[]" in one.path))


def _rows() -> Iterator[dict[str, str]]:
    # REDCap wants the fields of one instrument together, the identifier of the record first
    found = record_fields(PatientRecord)
    forms = dict.fromkeys(_form(one.path) for one in found)
    section = ""
    for form in forms:
        for one in (one for one in found if _form(one.path) == form):
            header = _section(one.path)
            yield _row(one, form, header if header != section else "")
            section = header


def _row(one: RecordField, form: str, header: str) -> dict[str, str]:
    validation = _VALIDATION.get(one.kind, "")
    about = one.about
    return {
        "Variable / Field Name": "record_id" if one.path == "id" else variable_name(one.path),
        "Form Name": form,
        "Section Header": header,
        "Field Type": "notes" if one.path in _FREE_TEXT else _TYPES[one.kind],
        "Field Label": about.label,
        "Choices, Calculations, OR Slider Labels": " | ".join(f"{variable_name(word)}, {word}" for word in one.choices),
        "Field Note": about.unit,
        "Text Validation Type OR Show Slider Number": validation,
        "Text Validation Min": "" if about.low is None else f"{about.low:g}",
        "Text Validation Max": "" if about.high is None else f"{about.high:.10g}",
        "Required Field?": "y" if one.is_needed else "",
        "Field Annotation": one.path,
    }


def _form(path: str) -> str:
    """The instrument of a field: its list, else its section."""
    if "[]" in path:
        return variable_name(path.partition("[]")[0])
    return path.partition(".")[0] if "." in path else FIRST_FORM


def _section(path: str) -> str:
    """What stands above the items of a score or of criteria."""
    parts = path.replace("[]", "").split(".")
    return parts[-2].replace("_", " ") if len(parts) > 2 else ""


def variable_name(text: str) -> str:
    """Lower-case letters, digits and single underscores, beginning with a letter, as REDCap's names must."""
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return slug if slug[0].isalpha() else f"n_{slug}"
