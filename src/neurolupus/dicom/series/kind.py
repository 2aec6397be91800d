"""What a series shows, told by how it was acquired: T1w, FLAIR, or why it is neither.

Names that people gave only confirm: they never make a series a T1w or a FLAIR. Times are in ms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydicom.config import IGNORE
from pydicom.uid import UID

from neurolupus.dicom.series.slices import MR_CLASSES, Facts, Series

Suffix = Literal["T1w", "FLAIR"]

# A FLAIR: fluid is nulled by a long inversion time before a long echo train. 3D variants: TR 4.8 s, TI 1.6 s.
FLAIR_TR, FLAIR_TE, FLAIR_TI = 4000.0, 60.0, 1200.0
# A spoiled gradient echo: echo before T2* is seen; TR short, or that of an inversion-prepared train (MPRAGE).
GR_TE, GR_SHORT_TR, GR_FLASH_TR, GR_TRAIN_TR = 12.0, 60.0, 600.0, 3600.0
LEAST_FLIP_DEG = 5.0  # below, a spoiled gradient echo is weighted by proton density
# A spin echo: short TR and echo; with inversion (T1 FLAIR of 3 T scanners) a TR of 1.5 to 3.5 s.
SE_TR, SE_TE, SE_IR_TR, SE_IR_TI = 1200.0, 40.0, 4000.0, (300.0, 1300.0)

DERIVED_WORDS = {
    "MPR": "reformatted", "REFORMATTED": "reformatted", "CSA MPR": "reformatted", "PROJECTION IMAGE": "a projection",
    "MIP": "a projection", "MNIP": "a projection", "MINIP": "a projection", "SUB": "a subtraction",
    "SUBTRACTION": "a subtraction", "SCREEN SAVE": "a screen capture", "MEAN": "a mean", "UNI": "computed of two",
    "T1 MAP": "a map", "T2 MAP": "a map", "MAP": "a map",
}  # fmt: skip
OTHER_WORDS = {
    "ADC": "ADC, of diffusion", "DIFFUSION": "diffusion", "TRACEW": "diffusion", "FA": "diffusion", "EXP": "diffusion",
    "PERFUSION": "perfusion", "ASL": "perfusion", "MOSAIC": "echo-planar mosaic", "FMRI": "functional",
    "SWI": "susceptibility", "ANGIO": "angiography", "TOF": "angiography", "TIME_OF_FLIGHT": "angiography",
    "FLOW_ENCODED": "angiography", "TAGGING": "tagging",
}  # fmt: skip
PHASE = re.compile(r"(P|R|I)(_.*)?|PHASE.*|REAL|IMAGINARY")
SUSCEPTIBILITY = re.compile(r"SW_.*|SWI.*")
ANGIO_NAME = re.compile(r"\b([23]d ?)?(tof|mra|mrv|pca|venc|angio\w*|venogr\w*)\b", re.IGNORECASE)
CONTRAST_NAME = re.compile(
    r"\+ ?c\b|\bc ?\+|\bpost(?! ?-?(op|proc|er))\b|\bgad\w*|\bgd\b|\bkm\b|\bce\b|contrast|kontrast|\bmdc\b"
    r"|dotarem|clariscan",
    re.IGNORECASE,
)
NO_CONTRAST_NAME = re.compile(r"\b(pre|without|w/o|wo|ohne|non?|senza|sans|nativ\w*|plain)\b", re.IGNORECASE)
SCOUT_NAME = re.compile(
    r"\b(locali[sz]\w*|scouts?|survey|loc|3 ?-?(pl|plane)|centraggio|rep[eé]rage|topogram|smart ?brain)\b",
    re.IGNORECASE,
)
CALIBRATION_NAME = re.compile(
    r"\b(asset|calib\w*|cal|sense ?ref\w*|(b0|b1|field) ?map\w*|shim\w*|prescan)\b", re.IGNORECASE
)
DIR_NAME = re.compile(r"\bdir\b|double inversion", re.IGNORECASE)
NOT_HEAD = re.compile(r"SPINE|KNEE|ABDOMEN|PELVIS|CHEST|HEART|BREAST|LIVER|SHOULDER|HIP|ANKLE|WRIST|HAND|FOOT")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a series shows.

    Attributes
    ----------
    suffix : T1w, FLAIR or None
        What the times and the sequence say; also of a series that is passed over.
    why : str
        The facts that say so.
    reasons : tuple of str
        Why it is passed over all the same; empty when it is a candidate.
    """

    suffix: Suffix | None
    why: str
    reasons: tuple[str, ...] = ()


def kind_of(series: Series) -> Kind:
    """T1w, FLAIR, or neither and why; every reason is told."""
    facts = series.facts
    if facts.sop_class not in MR_CLASSES:
        return Kind(None, "", (_class_words(facts),))
    suffix, why = weighting(facts)
    reasons = [reason for rule in RULES for reason in [rule(series)] if reason]
    if suffix is None and not reasons:
        reasons = [why]
    return Kind(suffix, why, tuple(dict.fromkeys(reasons)))


def weighting(facts: Facts) -> tuple[Suffix | None, str]:
    """T1w, FLAIR or neither as sequence and times say, and these in words."""
    tr, te, ti = (_given(value) for value in (facts.repetition_ms, facts.echo_ms, facts.inversion_ms))
    if tr is None or te is None:
        missing = " and ".join(word for word, value in (("RepetitionTime", tr), ("EchoTime", te)) if value is None)
        return None, f"{missing} not in the header: what it shows cannot be told"
    sequence, inverted = facts.scanning_sequence, "IR" in facts.scanning_sequence or ti is not None
    is_gradient = "GR" in sequence and "SE" not in sequence
    told = _told(facts, tr, te, ti)
    if is_gradient or (tr <= GR_SHORT_TR and "SE" not in sequence):
        return _gradient(facts, tr, te, inverted=inverted, told=told)
    if inverted and te >= FLAIR_TE and tr >= FLAIR_TR:
        if ti is not None and ti < FLAIR_TI:
            return None, f"STIR or another short inversion ({told})"
        return "FLAIR", f"fluid nulled before a long echo ({told})"
    if inverted and te <= SE_TE and tr <= SE_IR_TR and (ti is None or SE_IR_TI[0] <= ti <= SE_IR_TI[1]):
        return "T1w", f"inversion recovery with a short echo ({told})"
    if not inverted and te <= SE_TE and tr <= SE_TR:
        return "T1w", f"spin echo of short TR and TE ({told})"
    if te >= FLAIR_TE:
        return None, f"T2-weighted ({told})"
    return None, f"proton-density- or otherwise weighted ({told})"


def _gradient(facts: Facts, tr: float, te: float, *, inverted: bool, told: str) -> tuple[Suffix | None, str]:
    variant, flip = facts.sequence_variant, _given(facts.flip_angle_deg)
    if te > GR_TE:
        return None, f"T2*- or susceptibility-weighted ({told})"
    if "SS" in variant and not {"SP", "MP"} & set(variant):
        return None, f"steady state, not spoiled ({told})"
    is_prepared = inverted or "MP" in variant
    if tr <= GR_SHORT_TR:
        if flip is not None and flip < LEAST_FLIP_DEG and not is_prepared:
            return None, f"proton-density-weighted, flip angle {flip:g}° ({told})"
        return "T1w", f"gradient echo of short TR and TE ({told})"
    if tr <= GR_FLASH_TR:
        return "T1w", f"gradient echo of short TR and TE ({told})"
    if is_prepared and tr <= GR_TRAIN_TR:
        return "T1w", f"inversion-prepared gradient echo ({told})"
    if is_prepared:
        return None, f"inversion image of an MP2RAGE or a map ({told})"
    return None, f"gradient echo, not T1-weighted ({told})"


def _told(facts: Facts, tr: float, te: float, ti: float | None) -> str:
    times = f"TR {tr:g}, TE {te:g}" + ("" if ti is None else f", TI {ti:g}") + " ms"
    return " ".join(filter(None, (facts.acquisition_type, "+".join(facts.scanning_sequence), times)))


def _given(value: float | None) -> float | None:
    """A time; scanners write 0 for what does not apply."""
    return value if value else None


def names_of(facts: Facts) -> str:
    """What people called a series, with spaces between words."""
    return re.sub(r"[_*^]+", " ", f"{facts.description} {facts.protocol}")


def class_name(uid: str) -> str:
    """What kind of object a SOP class is: `CT Image`; its UID when nobody knows it."""
    name = str(UID(uid, validation_mode=IGNORE).name)
    return name.removesuffix(" Storage") if name != uid else f"class {uid}"


def _class_words(facts: Facts) -> str:
    words = class_name(facts.sop_class)
    if "Secondary Capture" in words:
        return f"{words}: a screen capture or a computed picture"
    modality = f" (modality {facts.modality})" if facts.modality and facts.modality not in words else ""
    return f"{words}{modality}, no MR image"


def _colour(series: Series) -> str:
    return "in colour" if (series.facts.samples_per_pixel or 1) > 1 else ""


def _burned_in(series: Series) -> str:
    return "words burned into the pixels (BurnedInAnnotation YES)" if series.facts.is_burned_in else ""


def _derived(series: Series) -> str:
    words = series.slices[0].image_type
    named = next((DERIVED_WORDS[word] for word in words if word in DERIVED_WORDS), "")
    if named:
        return f"derived: {named} (ImageType {_shown(words)})"
    if "DERIVED" in words[:1] or "SECONDARY" in words[1:2]:
        return f"derived (ImageType {_shown(words)})"
    return ""


def _phase(series: Series) -> str:
    words = series.slices[0].image_type
    is_phase = any(PHASE.fullmatch(word) for word in words[2:]) and "M" not in words[2:3]
    return f"phase, real or imaginary part (ImageType {_shown(words)})" if is_phase else ""


def _other_contrast(series: Series) -> str:
    words, facts = series.slices[0].image_type, series.facts
    for word in words[2:]:
        if word in OTHER_WORDS or SUSCEPTIBILITY.fullmatch(word):
            return f"{OTHER_WORDS.get(word, 'susceptibility')} (ImageType {_shown(words)})"
    if facts.b_value:
        return f"diffusion (b = {facts.b_value:g} s/mm²)"
    return "echo-planar: diffusion, perfusion or functional" if "EP" in facts.scanning_sequence else ""


def _angio(series: Series) -> str:
    facts = series.facts
    told = facts.is_angio or "TOF" in facts.sequence_variant or any("TOF" in word for word in facts.scan_options)
    return "angiography" if told or ANGIO_NAME.search(names_of(facts)) else ""


def _contrast(series: Series) -> str:
    facts = series.facts
    if facts.contrast_agent:
        return f"contrast-enhanced ({facts.contrast_agent})"
    names = names_of(facts)
    if CONTRAST_NAME.search(names) and not NO_CONTRAST_NAME.search(names):
        return "contrast-enhanced, as its name says"
    return ""


def _scout(series: Series) -> str:
    words = series.slices[0].image_type
    is_scout = "LOCALIZER" in words or SCOUT_NAME.search(names_of(series.facts))
    return "localiser" if is_scout else ""


def _calibration(series: Series) -> str:
    return "calibration or map, as its name says" if CALIBRATION_NAME.search(names_of(series.facts)) else ""


def _several_echoes(series: Series) -> str:
    facts = series.facts
    is_map = "GR" in facts.scanning_sequence and facts.acquisition_type == "2D" and "echo time" in series.part
    return "one of several echoes of a 2D gradient echo, as of a field map" if is_map else ""


def _magnetisation_transfer(series: Series) -> str:
    facts = series.facts
    is_mt = "MTC" in facts.sequence_variant or "MT" in facts.scan_options
    return "magnetisation transfer" if is_mt else ""


def _double_inversion(series: Series) -> str:
    return "double inversion recovery, as its name says" if DIR_NAME.search(names_of(series.facts)) else ""


def _elsewhere(series: Series) -> str:
    part = series.facts.body_part
    return f"not of the head (BodyPartExamined {part})" if NOT_HEAD.search(part) else ""


def _shown(words: tuple[str, ...]) -> str:
    return "\\".join(words)[:80]


RULES: tuple[Callable[[Series], str], ...] = (
    _colour,
    _burned_in,
    _derived,
    _phase,
    _other_contrast,
    _angio,
    _contrast,
    _scout,
    _calibration,
    _several_echoes,
    _magnetisation_transfer,
    _double_inversion,
    _elsewhere,
)
