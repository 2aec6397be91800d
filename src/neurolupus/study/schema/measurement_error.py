"""How one variable of a study was measured with error, and how its models are corrected for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ErrorMethod = Literal["simex", "regression_calibration"]


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """`measurement_error:` The models as they would be, had one variable been measured without error.

    The error is random: of mean zero, whatever the true value and the outcome. It lies on the scale on which the
    variable enters models, on that of logarithms with `transform: log`. Its size is given by exactly one of
    `error_sd`, `reliability`, `interval` and `sdc`.

    Attributes
    ----------
    variable : str
        Continuous. Where it is a term, the model is corrected; where it is an outcome of a linear model, the
        differences need no correction, and what the error costs in precision is told.
    error_sd : number, or mapping of level to number
        SD of the error of one measurement, on the scale of the model; of natural logarithms 0.2 is about 20 %.
    reliability : number, or mapping of level to number
        Share of the variance that is no error, above 0 and at most 1 (an ICC of single measurements).
    interval : two columns
        Lower and upper limit of a 95 % interval of each value, in the variable's unit.
    sdc : str
        Column with the smallest detectable change of each value, in the variable's unit: SD = SDC / (1.96 √2).
    by : str
        Variable or group whose levels `error_sd` or `reliability` name: `{2D: 0.3, 3D: 0.1}`.
    method : simex or regression_calibration
        Error added and the trend followed back to none; or each value replaced by its expected true one.
    extrapolation : quadratic, linear or rational
        Of `simex`: the curve that is followed back.
    replicates : int
        Simulated data sets at each of four strengths of error (simex), or bootstrap samples (regression_calibration).
    """

    variable: str
    error_sd: dict[str, float] = field(default_factory=dict)
    reliability: dict[str, float] = field(default_factory=dict)
    interval: tuple[str, str] | None = None
    sdc: str = ""
    by: str = ""
    method: ErrorMethod = "simex"
    extrapolation: Literal["quadratic", "linear", "rational"] = "quadratic"
    replicates: int = 200
    line: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that tell the error of each value."""
        return (*(self.interval or ()), *((self.sdc,) if self.sdc else ()))
