"""What is told of one measured scan in DICOM objects."""

import datetime
from dataclasses import dataclass

from neurolupus.records.measurement import MeasurementSet
from neurolupus.records.wmh_method import MODEL


@dataclass(frozen=True, slots=True)
class Result:
    """Numbers, verdict and how they were made.

    Parameters
    ----------
    made_at : datetime
        When the scan was measured; it stands in the objects instead of the time of writing.
    """

    measurements: MeasurementSet
    usable: bool
    reason: str
    warnings: tuple[str, ...]
    threshold: float
    version: str
    made_at: datetime.datetime

    @property
    def wmh_method(self) -> str:
        """What found the hyperintensities."""
        names = {item.name: item.value for item in self.measurements.items}
        return str(names.get("wmh_method") or MODEL)

    @property
    def is_automatic(self) -> bool:
        """Whether the program's own model found them, alone."""
        return self.wmh_method == MODEL
