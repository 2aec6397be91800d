"""The methods paragraph: what was done, each method with the paper it follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from neurolupus.records.wmh_method import MODEL, OWN_MAP
from neurolupus.report.citations import CITATIONS, Citation
from neurolupus.report.wording import plural

OWN = "a map of the authors' own"
PAPER_THRESHOLD = 0.2  # Inglese et al. (2021)


@dataclass(frozen=True, slots=True)
class MethodsFacts:
    """What the methods paragraph depends on.

    Parameters
    ----------
    version : str
    has_flair : bool
        Whether any scan had one.
    wmh_thresholds : tuple of float
        At which masks were cut; of a set of scans all that were used.
    flair_dim : str or None
        `2D`, `3D`, `2D or 3D`; None or `none`: not told.
    wmh_methods : mapping of str to int
        What found the hyperintensities, as the column `wmh_method` has it, and in how many scans.
    without_flair : int
        Of how many scans of a set the T1w alone was measured.
    """

    version: str
    has_flair: bool = True
    wmh_thresholds: tuple[float, ...] = (PAPER_THRESHOLD,)
    flair_dim: str | None = None
    wmh_methods: Mapping[str, int] = field(default_factory=lambda: {MODEL: 1})
    without_flair: int = 0


@dataclass(frozen=True, slots=True)
class MethodsSentence:
    """A sentence and the papers it cites, as numbers into the list of references."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Methods:
    """A paragraph to copy into a paper, and its references in order of citation."""

    sentences: tuple[MethodsSentence, ...]
    references: tuple[Citation, ...]

    @property
    def plain_text(self) -> str:
        """The paragraph without markup: citations in square brackets."""
        return " ".join(
            s.text[:-1] + (f" [{', '.join(map(str, s.numbers))}]" if s.numbers else "") + "." for s in self.sentences
        )


_Sentences = list[tuple[str, tuple[str, ...]]]


def methods(facts: MethodsFacts) -> Methods:
    """The methods paragraph of one scan or one data set."""
    chosen: _Sentences = [
        (
            f"Brain volumes were measured with neurolupus {facts.version}, which follows the image processing of "
            "Inglese et al. with open components.",
            ("inglese2021",),
        ),
        *([] if facts.has_flair else [("No FLAIR was available: lesions were neither measured nor filled.", ())]),
        (
            "A network trained on simulated heads of random contrast, an idea introduced with SynthSeg, gave the "
            "intracranial mask and a map of the anatomy.",
            ("billot2023",),
        ),
        ("Intensity non-uniformity was corrected with N4.", ("tustison2010",)),
        *(_lesions(facts) if facts.has_flair else []),
        (
            "Grey matter, white matter and cerebrospinal fluid were segmented as partial-volume fractions by "
            "expectation maximisation, with the map of the anatomy as spatial prior.",
            ("vanleemput1999", "ashburner2005"),
        ),
        (
            "Total intracranial volume is the sum of the three, total brain volume the sum of grey and white matter"
            + ("; white matter includes the filled lesions." if facts.has_flair else "."),
            (),
        ),
        (
            "Their 95 % intervals join the doubt within the image with the error of the method on simulated heads.",
            (),
        ),
        ("Image quality was described with indices used by MRIQC.", ("esteban2017",)),
    ]
    order: dict[str, int] = {}
    for _, keys in chosen:
        for key in keys:
            order.setdefault(key, len(order) + 1)
    return Methods(
        tuple(MethodsSentence(text, tuple(order[key] for key in keys)) for text, keys in chosen),
        tuple(CITATIONS[key] for key in order),
    )


def _lesions(facts: MethodsFacts) -> _Sentences:
    """From the alignment of the FLAIR to the filling."""
    flair = "" if facts.flair_dim in (None, "none") else f"{facts.flair_dim} "
    without = plural(facts.without_flair, "scan")
    return [
        (
            f"The {flair}FLAIR was aligned to the T1-weighted image by a rigid transform that maximises mutual "
            "information.",
            ("mattes2003",),
        ),
        *([(f"{without} had no FLAIR: lesions were neither measured nor filled.", ())] if facts.without_flair else []),
        *_found(facts.wmh_methods),
        _threshold(facts.wmh_thresholds),
        *_beside(facts.wmh_methods),
        (
            "Lesions were filled in the T1-weighted image with intensities of the white matter around them, so that "
            "they do not bias the tissue volumes.",
            ("chard2010",),
        ),
    ]


def _found(by: Mapping[str, int]) -> _Sentences:
    """What found the hyperintensities: the network, maps of the authors' own, or each in some of the scans."""
    own = {OWN if name == OWN_MAP else name: count for name, count in by.items() if name != MODEL}
    mixed = len(by) > 1
    named = "White matter hyperintensities, named as in STRIVE-2,"
    told: _Sentences = []
    if MODEL in by:
        where = f" in {plural(by[MODEL], 'scan')}" if mixed else ""
        told.append(
            (
                f"{named} were found{where} by the 3D U-Net of neurolupus on FLAIR, T1-weighted image and the map of "
                "the anatomy; it was trained on simulated heads and on scans of multiple sclerosis, none of lupus.",
                ("duering2023", "lesjak2016", "lesjak2018"),
            )
        )
    if own:
        sources = " and ".join(f"{name} in {plural(count, 'scan')}" if mixed else name for name, count in own.items())
        told.append(
            (
                f"{'They' if told else named} were taken from {sources}, and not from the network of neurolupus.",
                () if told else ("duering2023",),
            )
        )
    return told


def _threshold(thresholds: tuple[float, ...]) -> tuple[str, tuple[str, ...]]:
    at = " or ".join(f"{one:g}" for one in thresholds)
    if thresholds == (PAPER_THRESHOLD,):
        return f"Voxels of at least {at}, as in Inglese et al., made up the mask and its volume.", ("inglese2021",)
    return (
        f"Voxels of at least {at} made up the mask and its volume; Inglese et al. chose {PAPER_THRESHOLD:g}.",
        ("inglese2021",),
    )


def _beside(by: Mapping[str, int]) -> _Sentences:
    """What is given beside the volume, and its interval: of a map of the authors' own, less."""
    if MODEL not in by:
        return [("The sum of the map's values is given beside it; no interval is known of it.", ())]
    mixed = len(by) > 1
    only = ", for the network's maps," if mixed else ""
    return [
        (
            f"Beside it are given the sum of the probabilities and{only} the volume at the network's operating point: "
            "lesions of which it is somewhere sure, each out to half of its own brightness.",
            (),
        ),
        (
            f"The 95 % interval{' of the volume of such a map' if mixed else ''} is where the true volume lies, from "
            "the network's errors on simulated heads that it had not seen.",
            (),
        ),
    ]
