"""docs/reference/patient-file.md, made from the dataclasses of the record.

`python -m neurolupus.report.patient_file_text` prints it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import FieldKind, RecordField, record_fields

HEAD = """# The patient file

One patient's record, as `neurolupus advise` and `neurolupus cohort export` read it: YAML (`.yaml`, `.yml`) or JSON.

```yaml
patient: {age: 26, sex: F, pregnant: false, renal_insufficiency: false}
sle: {duration_months: 5, sledai2k: 20, generalised_activity: true}
events:
  - {syndrome: psychosis, new_or_worsening: true, acute_inflammatory: true, severe_organ_threatening: true}
secondary: {cns_infection: false, systemic_infection: false, metabolic: false, drug: false}
csf: {done: true, opening_pressure_mmH2O: 160, protein: {value: 35, unit: mg/dL}, pathogens_negative: true}
```

- **Unknown** is what you leave out, or `null`. It is never read as no: advice waits for it and asks for it.
- **Yes and no** are `true` and `false`, without quotes. `yes`, `"true"` and `1` are refused.
- **Dates** are `2026-01-31`, none later than today or than `as_of`, and none before 1900.
- **Protein** needs its unit; without one it is unknown. 0.5 g/L is 50 mg/dL is 500 mg/L, and nothing guesses which.
- **Limits** below only catch slips; they do not say what is normal.
- **Names** of patients have no place here: `id` is a pseudonym. Free text is not read by any rule.
- A file has at most 256 kB.

All faults are told at once, each with its line, the value seen and what is needed. There is no advice on a record with
faults (exit code 14):

```
case.yaml has 3 faults; no advice is given on it.
    line 2: patient.age is 240; 0 to 125 years is needed.
    line 5: events[1].syndrome 'stroke' is unknown. Did you mean 'cerebrovascular_disease'?
    line 9: mri.contraindicated is true and done is true; one of them is wrong.
```

## What follows from what

- `csf` is what holds now. Where `lumbar_punctures` are listed, what `csf` does not say is taken from the latest of
  them; what both say must agree.
- `attribution.italian_score` may be left out when its four items are known; if both are given they must agree.
- The latest entry of `attribution.revisions` that names an attribution outranks `mdt_consensus`; the same holds for the
  mechanism.
- `lp_safety.anticoagulated` is taken from `treatment.anticoagulated` where it is unknown.
- The outcome at discharge follows from `discharge`: BILAG D without a deficit is complete recovery, better with a
  deficit is partial improvement, worse or death is exacerbation.
- Two entries of a list must not have the same date: which of them holds would be a guess.

## REDCap

`neurolupus cohort dictionary -o FILE.csv` writes these fields as a REDCap data dictionary. Let the instruments of the
lists repeat: events, lumbar punctures, intrathecal sessions, dissent, revisions and relapses.

"""
SECTIONS: Mapping[str, str] = {
    "": "At the top",
    "patient": "`patient`",
    "sle": "`sle`: the lupus",
    "events": "`events`: a list, one entry for each neuropsychiatric event",
    "secondary": "`secondary`: is another cause present?",
    "attribution": "`attribution`: score, consensus, revisions",
    "apl": "`apl`: antiphospholipid antibodies",
    "mri": "`mri`: brain MRI",
    "lp_safety": "`lp_safety`: before a lumbar puncture",
    "csf": "`csf`: cerebrospinal fluid as of now",
    "lumbar_punctures": "`lumbar_punctures`: a list, each with its date",
    "treatment": "`treatment`",
    "intrathecal_sessions": "`intrathecal_sessions`: a list, each with its date",
    "discharge": "`discharge`",
    "follow_up": "`follow_up`",
}
KINDS: Mapping[FieldKind, str] = {
    "yes_no": "true or false",
    "whole_number": "whole number",
    "number": "number",
    "date": "date",
    "text": "text",
    "texts": "list of texts",
    "choice": "one of",
    "choices": "list of",
}


def patient_file_markdown() -> str:
    """The page."""
    tables = [f"## {title}\n\n{''.join(_table(section))}" for section, title in SECTIONS.items()]
    return HEAD + "\n".join(tables)


def _table(section: str) -> Iterator[str]:
    yield "| field | what | value |\n|---|---|---|\n"
    for one in record_fields(PatientRecord):
        if _section(one) == section:
            yield f"| `{_name(one, section)}` | {one.about.label} | {_value(one)} |\n"


def _section(one: RecordField) -> str:
    return one.path.partition(".")[0].removesuffix("[]") if "." in one.path else ""


def _name(one: RecordField, section: str) -> str:
    return one.path.partition(".")[2] if section else one.path


def _value(one: RecordField) -> str:
    about = one.about
    text = KINDS[one.kind]
    if one.choices:
        text += " " + ", ".join(f"`{choice}`" for choice in one.choices)
    if about.low is not None:
        text += f", {about.low:g} or more" if about.high is None else f", {about.low:g} to {about.high:.10g}"
    return f"{text} {about.unit}".rstrip() + (" (needed)" if one.is_needed else "")


if __name__ == "__main__":
    sys.stdout.write(patient_file_markdown())
