"""What the pages say: numbers with a sensible precision, the verdict, the names of measures."""

import re

from neurolupus.records.measurement import Number
from neurolupus.records.scan import Participant

NOT_KNOWN = "n/a"
LABELS: dict[str, str] = {
    "tiv_ml": "Total intracranial volume",
    "tbv_ml": "Total brain volume",
    "gm_ml": "Grey matter",
    "wm_ml": "White matter",
    "csf_ml": "Cerebrospinal fluid",
    "wmh_ml": "White matter hyperintensities (WMH)",
    "wmh_expected_ml": "WMH, sum of probabilities",
    "wmh_operating_ml": "WMH at the operating point",
    "wmh_operating_sdc_ml": "Smallest real change at the operating point",
    "wmh_sdc_ml": "Smallest real change of WMH",
    "wmh_periventricular_ml": "periventricular",
    "wmh_deep_ml": "deep",
    "wmh_juxtacortical_ml": "juxtacortical",
    "wmh_infratentorial_ml": "infratentorial",
    "wmh_count": "WMH lesions",
    "tbv_tiv": "Brain share of TIV",
    "qc_snr_gm": "Signal-to-noise, grey matter",
    "qc_snr_wm": "Signal-to-noise, white matter",
    "qc_cnr": "Contrast-to-noise, grey/white",
    "qc_cjv": "Joint variation (CJV)",
    "qc_efc": "Entropy focus (EFC)",
    "qc_registration_nmi": "FLAIR–T1w alignment (NMI)",
    "qc_flair_cover": "Brain that the FLAIR shows",
    "qc_cut_cm2": "Brain cut off by the image, cm²",
    "qc_atlas_overlap": "Likeness to the atlas",
}
SHORT_LABELS: dict[str, str] = {
    "tiv_ml": "TIV",
    "tbv_ml": "Brain",
    "gm_ml": "Grey",
    "wm_ml": "White",
    "csf_ml": "CSF",
    "wmh_ml": "WMH",
}
PLAIN_LABELS: dict[str, str] = {
    "tiv_ml": "intracranial volume",
    "tbv_ml": "whole brain",
    "gm_ml": "grey matter",
    "wm_ml": "white matter",
    "csf_ml": "fluid (CSF)",
    "wmh_ml": "hyperintensities",
}
_NUMBER_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_TITLES = {"wmh": "WMH", "gm": "GM", "wm": "WM", "csf": "CSF", "flair": "FLAIR", "t1w": "T1w", "n4": "N4", "qc": "QC"}


def decimals(name: str) -> int:
    """Digits after the point for a measure: WMH two, other volumes one, shares and indices three or two."""
    if name.endswith("_ml"):
        return 2 if name.startswith("wmh") else 1
    if name.endswith(("_tiv", "_border")) or name in ("qc_cjv", "qc_efc", "qc_registration_nmi"):
        return 3
    return 2


def number_text(value: Number, digits: int) -> str:
    """A number with `digits` after the point and narrow spaces between thousands; words stay, None is n/a."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, str):
        return value
    text = f"{value:,.{digits}f}".replace(",", "\u202f")
    return text[1:] if text.startswith("-") and not text.strip("-0.\u202f") else text.replace("-", "−")


def interval_text(value: Number, low: Number, high: Number, digits: int) -> str:
    """`1.08 (0.71–1.60)`, or the value alone when it has no interval.

    Examples
    --------
    >>> interval_text(1.084, 0.71, 1.6, 2)
    '1.08 (0.71–1.60)'
    """
    text = number_text(value, digits)
    if low is None and high is None:
        return text
    return f"{text} ({number_text(low, digits)}–{number_text(high, digits)})"


def percent_text(share: float | None) -> str:
    """A share as a percentage, with more digits when it is small.

    Examples
    --------
    >>> percent_text(0.4312), percent_text(0.00076)
    ('43.1 %', '0.08 %')
    """
    if share is None:
        return NOT_KNOWN
    return f"{100 * share:.{1 if abs(share) >= 0.01 else 2}f} %"


def step_title(name: str) -> str:
    """The key of a step as words: `wmh_probability` is `WMH probability`."""
    words = [_TITLES.get(word.lower(), word) for word in re.split(r"[\s_-]+", name) if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def person_text(participant: Participant | None) -> str:
    """`ischaemic NPSLE, female, 47 years`: as much as is known, nothing when nothing is."""
    if participant is None:
        return ""
    sex = {"f": "female", "m": "male", "o": "other"}.get((participant.sex or "").lower(), participant.sex or "")
    age = f"{participant.age_years:.0f} years" if participant.age_years is not None else ""
    return ", ".join(part for part in (participant.group or "", sex, age) if part)


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 warning`, `3 warnings`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def in_words(count: int) -> str:
    """`six`; figures from thirteen."""
    return _NUMBER_WORDS[count] if 0 <= count < len(_NUMBER_WORDS) else str(count)


def sentence(text: str) -> str:
    """Words as a sentence: first letter large, full stop at the end."""
    text = text.strip()
    if not text:
        return text
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def verdict_text(usable: bool, reason: str | None, warnings: int) -> tuple[str, str]:
    """The first line of a report and the sentence under it."""
    if not usable:
        why = sentence(reason) if reason else "The measurement marked this scan as not to be analysed."
        return (
            "Volumes not usable",
            f"{why} Leave this scan out of an analysis of volumes; the pictures below show why.",
        )
    if warnings:
        return "Volumes usable, with care", f"Read the {plural(warnings, 'warning')} below before using them."
    return "Volumes usable", "No warnings. Look at the pictures below before you trust the numbers."


NOT_A_DEVICE = (
    "For research only. neurolupus is not a medical device: it makes no diagnosis, and its numbers and pictures must "
    "not decide the care of a patient."
)
CONVENTION = "Radiological convention: the left of a picture is the patient's right (R)."

# How strongly a source advises, in words
STRENGTHS = {
    "recommended": "recommended",
    "should": "should",
    "consider": "consider",
    "may": "may be considered",
    "option_observational": "observed",
    "note": "note",
}
