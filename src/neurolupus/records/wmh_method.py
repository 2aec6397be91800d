"""A hyperintensity method that the user brought: which one it is, and how its mask compares with the one measured."""

import re
from dataclasses import dataclass

from neurolupus.records.measurement import Number
from neurolupus.records.volume import Mask

MODEL = "model"  # what the program's own model is called where methods are named
OWN_MAP = "own map"  # a file of the user's, of unknown origin
COMPARED_NUMBERS = (
    "volume_ml",
    "volume_error_ml",
    "dice",
    "lesions",
    "lesion_recall",
    "lesion_precision",
    "lesion_f1",
    "hausdorff95_mm",
)


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """Which method it is; a result made by it is known again by these.

    Parameters
    ----------
    name : str
        What it is called in tables and reports; never a path.
    version : str
        As it says of itself.
    code_sha256 : str
        Of the Python file that wraps it; empty where there is none.
    asked : str
        How the user named it: an entry point, `module:attribute` or a Python file.
    missing : str
        What it lacks to run, in its own words; empty when it is ready.
    """

    name: str
    version: str
    code_sha256: str = ""
    asked: str = ""
    missing: str = ""

    @property
    def title(self) -> str:
        """Name and version, as reports and the column `wmh_method` have it."""
        return f"{self.name} {self.version}" if self.version else self.name

    @property
    def label(self) -> str:
        """The letters and digits of its name: what a BIDS file name can hold."""
        return re.sub(r"[^A-Za-z0-9]", "", self.name)

    @property
    def key(self) -> dict[str, str]:
        """What decides its results."""
        told = {"name": self.name, "version": self.version, "code_sha256": self.code_sha256, "missing": self.missing}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True, eq=False)
class MethodComparison:
    """The mask of another method beside the one measured, which is the reference; on the T1w's grid.

    Parameters
    ----------
    failure : str
        Why there is no mask; every number is then None.
    volume_error_ml : float or None
        Other minus measured.
    lesion_recall, lesion_precision : float or None
        Share of the measured lesions that the other touches, and of the other's that the measured mask touches.
    """

    facts: MethodFacts
    failure: str = ""
    volume_ml: float | None = None
    volume_error_ml: float | None = None
    dice: float | None = None
    lesions: int | None = None
    lesion_recall: float | None = None
    lesion_precision: float | None = None
    lesion_f1: float | None = None
    hausdorff95_mm: float | None = None
    mask: Mask | None = None

    def summary(self) -> dict[str, Number]:
        """The comparison in plain values, without the mask."""
        numbers: dict[str, Number] = {name: getattr(self, name) for name in COMPARED_NUMBERS}
        told: dict[str, Number] = {
            "name": self.facts.name,
            "version": self.facts.version,
            "code_sha256": self.facts.code_sha256 or None,
            "failure": self.failure or None,
        }
        return {**told, **numbers}


@dataclass(frozen=True, slots=True)
class ChosenMethods:
    """Which methods find the hyperintensities of a scan.

    Parameters
    ----------
    main : MethodFacts or None
        Whose map is measured; None: the program's model, or the user's own map.
    compared : tuple of MethodFacts
        Whose maps are compared with the one measured; `MODEL` among them is the program's model.
    minutes : float
        How long each may take on one scan.
    """

    main: MethodFacts | None = None
    compared: tuple[MethodFacts, ...] = ()
    minutes: float = 60.0

    @property
    def key(self) -> dict[str, object]:
        """What decides the result; empty without any method of the user's."""
        main = {"main": self.main.key} if self.main else {}
        return {**main, **({"compared": [one.key for one in self.compared]} if self.compared else {})}
