"""The sentences of the methods paragraph that hold for the whole study; each analysis adds its own between them."""

from __future__ import annotations

from neurolupus.records.provenance import versions_of
from neurolupus.study.results import MethodsPart
from neurolupus.study.run.rules import house_rules
from neurolupus.study.schema import StudyFile


def first_sentences(study: StudyFile) -> tuple[MethodsPart, ...]:
    """What was compared and how tables were made."""
    made = []
    if study.study.checklist == "strobe":
        made.append(MethodsPart("The study is reported following STROBE.", ("strobe2007",)))
    made.append(MethodsPart(_missing(study)))
    if study.table1:
        rules = house_rules(study.tests)
        made.append(MethodsPart(f"Groups were compared by fixed rules. {rules.in_words()}"))
        if any(spec.smd for spec in study.table1):
            made.append(
                MethodsPart("Differences at baseline are given as standardised mean differences.", ("austin2009",))
            )
    return tuple(made)


def last_sentences(study: StudyFile) -> tuple[MethodsPart, ...]:
    """Significance and software."""
    from neurolupus import __version__

    packages = [f"{name} {version}" for name, version in versions_of(("numpy", "scipy", "pandas")).items()]
    level = f"{100 * study.study.level:g}"
    return (
        MethodsPart(
            f"Tests are two-sided; p-values below {study.study.alpha:g} are called significant and intervals are "
            f"{level} % "
            "confidence intervals."
        ),
        MethodsPart(
            f"All analyses were declared in one study file and run with neurolupus {__version__} "
            f"({', '.join(packages)}; "
            f"seed {study.study.seed})."
        ),
    )


def _missing(study: StudyFile) -> str:
    how = study.data.missing
    tables = (
        "all patients with a known value" if how.describe == "available_case" else "patients with every value known"
    )
    models = (
        "patients with every term known" if how.models == "complete_case" else "every patient, none with a missing term"
    )
    return f"Tables describe {tables}; models use {models}, and those left out are counted."
