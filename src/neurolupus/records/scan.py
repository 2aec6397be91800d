"""ScanPair: the T1w and the FLAIR of one visit, with what is known of how they were acquired."""

from dataclasses import dataclass, field
from typing import Literal

from neurolupus.records.volume import Volume
from neurolupus.records.wmh_method import MODEL, OWN_MAP

FlairDim = Literal["2D", "3D", "none"]


@dataclass(frozen=True, slots=True)
class ScanId:
    """Whose scan it is; BIDS labels without their prefix (`sub-`, `ses-`)."""

    participant_id: str
    session_id: str | None = None

    @property
    def stem(self) -> str:
        """`sub-01_ses-1`, or `sub-01` without a session."""
        return f"sub-{self.participant_id}" + (f"_ses-{self.session_id}" if self.session_id else "")


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What the sidecar and the geometry say of one image; None is unknown.

    `sidecar` keeps the BIDS fields as they were read, without dates, times and identities.
    """

    native_shape: tuple[int, int, int] | None = None
    native_voxel_size_mm: tuple[float, float, float] | None = None
    acquisition_type: Literal["2D", "3D"] | None = None
    contrast_enhanced: bool | None = None
    manufacturer: str | None = None
    magnetic_field_strength_t: float | None = None
    sidecar: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScanPair:
    """One T1w, and one FLAIR unless the T1w is measured alone; each on its own grid, RAS+ order."""

    scan_id: ScanId
    t1w: Volume
    flair: Volume | None
    t1w_acquisition: Acquisition = field(default_factory=Acquisition)
    flair_acquisition: Acquisition = field(default_factory=Acquisition)
    sources: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    declared_exclusions: tuple[str, ...] = ()  # 'tumour', 'arachnoid cyst' ...: volumes are marked unusable
    own_wmh: Volume | None = None  # a map brought by the user, 0 to 1, on the T1w's or the FLAIR's grid
    own_infarct: Volume | None = None  # infarct-like lesions somebody drew beside that map, 0 and 1, on such a grid
    own_wmh_source: str = ""  # what made it: a method's name and version, or a rater; empty: not known

    @property
    def wmh_method(self) -> str:
        """What finds the hyperintensities, as the column of that name has it."""
        return MODEL if self.own_wmh is None else self.own_wmh_source or OWN_MAP


@dataclass(frozen=True, slots=True)
class Participant:
    """Who was scanned, as far as a participants table tells; None is unknown."""

    participant_id: str
    age_years: float | None = None
    sex: str | None = None
    group: str | None = None
    other: dict[str, str] = field(default_factory=dict)
