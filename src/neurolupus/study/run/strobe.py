"""The STROBE checklist for cohort studies, each item with the place where the report answers it."""

from __future__ import annotations

from collections.abc import Sequence

from neurolupus.study.results import ResultSection, StrobeItem
from neurolupus.study.schema import StudyFile

# Items in our words, numbers as in von Elm et al. (2007), cohort studies.
_ITEMS: tuple[tuple[str, str, str], ...] = (
    ("1", "Title and abstract say the design and what was found", ""),
    ("2", "Background and rationale", ""),
    ("3", "Objectives and hypotheses stated beforehand", ""),
    ("4", "Study design presented early", ""),
    ("5", "Setting, places and dates", ""),
    ("6a", "Eligibility, sources and selection of patients", "flow"),
    ("6b", "Matching criteria, numbers of exposed and unexposed", "match"),
    ("7", "Outcomes, exposures, confounders defined", "methods"),
    ("8", "Sources of data and measurement", ""),
    ("9", "Efforts to address bias", "match|sensitivity"),
    ("10", "How the study size was arrived at", "power"),
    ("11", "How quantitative variables were handled", "methods"),
    ("12a", "Statistical methods, including control of confounding", "methods"),
    ("12b", "Methods for subgroups and interactions", "subgroups|methods"),
    ("12c", "How missing data were addressed", "methods"),
    ("12d", "How loss to follow-up was addressed", "methods"),
    ("12e", "Sensitivity analyses", "sensitivity"),
    ("13a", "Numbers at each stage of the study", "flow"),
    ("13b", "Reasons for non-participation at each stage", "flow"),
    ("13c", "A flow diagram", "flow"),
    ("14a", "Characteristics of the patients", "table1"),
    ("14b", "Missing data for each variable", "table1"),
    ("14c", "Follow-up time", "follow_up"),
    ("15", "Numbers of outcome events over time", "follow_up|models"),
    ("16a", "Unadjusted and adjusted estimates with precision", "models"),
    ("16b", "Category boundaries of continuous variables", "methods"),
    ("16c", "Relative risks translated into absolute ones", "models"),
    ("17", "Other analyses: subgroups, interactions, sensitivity", "subgroups|sensitivity"),
    ("18", "Key results", ""),
    ("19", "Limitations, sources of bias", "warnings"),
    ("20", "Cautious interpretation", ""),
    ("21", "Generalisability", ""),
    ("22", "Funding", ""),
)


def strobe_items(study: StudyFile, sections: Sequence[ResultSection], *, has_warnings: bool) -> tuple[StrobeItem, ...]:
    """The checklist with the titles of the sections, tables and figures that answer each item; none without one."""
    if study.study.checklist != "strobe":
        return ()
    titles = {section.id: section.title for section in sections}
    special = {"methods": "Methods", "warnings": "Read this first" if has_warnings else ""}
    models = [titles[name] for name in study.models if name in titles]
    made = []
    for number, topic, keys in _ITEMS:
        places: list[str] = []
        for key in filter(None, keys.split("|")):
            several = {"models": models, "subgroups": [titles[name] for name in study.subgroups if name in titles]}
            places += several.get(key) or [special.get(key) or titles.get(key, "")]
        made.append(StrobeItem(number, topic, "; ".join(dict.fromkeys(filter(None, places)))))
    return tuple(made)
