"""The methods paragraph: what was done, each method with the paper it follows."""

from dataclasses import dataclass

from neurolupus.report.citations import CITATIONS, Citation

OWN = "a map of the authors' own"


@dataclass(frozen=True, slots=True)
class MethodsFacts:
    """What the methods paragraph depends on."""

    version: str
    has_flair: bool = True
    wmh_threshold: float = 0.2
    flair_dim: str | None = None
    own_wmh: bool = False
    own_wmh_source: str = ""


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


def methods(facts: MethodsFacts) -> Methods:
    """The methods paragraph of one scan or one data set."""
    flair = "" if facts.flair_dim in (None, "none") else f"{facts.flair_dim} "
    with_flair: list[tuple[str, tuple[str, ...]]] = [
        (
            f"Brain volumes were measured with neurolupus {facts.version}, which follows the image processing of "
            "Inglese et al. with open components.",
            ("inglese2021",),
        ),
        (
            "A network trained on simulated heads of random contrast, an idea introduced with SynthSeg, gave the "
            "intracranial mask and a map of the anatomy.",
            ("billot2023",),
        ),
        ("Intensity non-uniformity was corrected with N4.", ("tustison2010",)),
        (
            f"The {flair}FLAIR was aligned to the T1-weighted image by a rigid transform that maximises mutual "
            "information.",
            ("mattes2003",),
        ),
        (
            "White matter hyperintensities, named as in STRIVE-2, "
            + (
                f"were taken from {facts.own_wmh_source or OWN}, and not from the program's model; "
                if facts.own_wmh
                else "were given a probability in each voxel from T1w and FLAIR together; "
            )
            + f"voxels of at least {facts.wmh_threshold:g} made up the mask.",
            ("duering2023",),
        ),
        (
            "Lesions were filled in the T1-weighted image with intensities of the white matter around them, so that "
            "they do not bias the tissue volumes.",
            ("chard2010",),
        ),
        (
            "Grey matter, white matter and cerebrospinal fluid were segmented as partial-volume fractions by "
            "expectation maximisation, with the map of the anatomy as spatial prior.",
            ("vanleemput1999", "ashburner2005"),
        ),
        (
            "Total intracranial volume is the sum of the three, total brain volume the sum of grey and white matter; "
            "white matter includes the filled lesions.",
            (),
        ),
        ("Image quality was described with indices used by MRIQC.", ("esteban2017",)),
    ]
    flair_only = ("mattes2003", "duering2023", "chard2010")
    chosen = [s for s in with_flair if facts.has_flair or not set(s[1]) & set(flair_only)]
    if not facts.has_flair:
        chosen.insert(1, ("No FLAIR was available: lesions were neither measured nor filled.", ()))
    order: dict[str, int] = {}
    for _, keys in chosen:
        for key in keys:
            order.setdefault(key, len(order) + 1)
    return Methods(
        tuple(MethodsSentence(text, tuple(order[key] for key in keys)) for text, keys in chosen),
        tuple(CITATIONS[key] for key in order),
    )
