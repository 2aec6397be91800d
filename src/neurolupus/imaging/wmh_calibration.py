"""What the WMH network's scores mean: probabilities, the operating point, the volume's interval and its noise.

The constants stand in imaging/models/wmh_network.json; training/wmh/calibrate.py and noise.py write it from scans of
heads that the network never saw.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np

from neurolupus.imaging.uncertainty import VolumeInterval
from neurolupus.imaging.wmh_units import Floats

CONSTANTS: Final = "wmh_network.json"
NOISE_AT: Final = 0.2  # the threshold of the masks whose volumes were compared between rescans
FLOOR_ML: Final = 0.1  # added before a logarithm is taken: what no lesion at all is worth
METHOD: Final = "95 % interval of the true volume, from simulated heads"
RELIABLE_CHANGE: Final = 1.96 * 2**0.5


@dataclass(frozen=True, slots=True)
class Noise:
    """Repeat scans of one person: the volume's SD is sqrt(floor_ml² + (relative · volume)²)."""

    floor_ml: float
    relative: float

    def sd_ml(self, volume_ml: float) -> float:
        """SD of one measurement at this volume."""
        return float(np.hypot(self.floor_ml, self.relative * volume_ml))

    def smallest_real_change_ml(self, volume_ml: float) -> float:
        """The smallest change between two scans of one protocol that noise alone makes in fewer than 5 of 100.

        References
        ----------
        .. [1] Bland and Altman (1999), Stat Methods Med Res 8:135, doi:10.1177/096228029900800204: 1.96 √2 SD.
        """
        return RELIABLE_CHANGE * self.sd_ml(volume_ml)


@dataclass(frozen=True, slots=True)
class RescanNoise:
    """The noise of one kind of volume, by 2D and by 3D FLAIR."""

    two_d: Noise
    three_d: Noise

    def of(self, dimension: str | None) -> Noise:
        """Of a 2D or a 3D FLAIR; the larger of both where the dimension is not known."""
        known: dict[str | None, Noise] = {"2D": self.two_d, "3D": self.three_d}
        return known.get(dimension) or max(self.two_d, self.three_d, key=lambda n: n.sd_ml(1.0))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores mean.

    Parameters
    ----------
    scale, shift : float
        Probability is the logistic function of scale · score + shift (Platt 1999; Guo et al. 2017, arXiv:1706.04599).
    operating_point : float
        The threshold with the best Dice coefficient over the calibration scans.
    operating_peak : float
        What the surest voxel of a lesion reaches at the operating point, see `operating_point.operating_mask`.
    low, high : float
        Quantiles of the error ln((true + 0.1) / (expected + 0.1)) in units of `spread`.
    spread : (float, float)
        Error at a large volume, and what small ones add: a + b / sqrt(expected + 0.1).
    noise, operating_noise : RescanNoise
        Of the volume at 0.2 and of that at the operating point.
    existence : (float, float)
        Logistic weights of one and the logit of the surest voxel's probability: is a lesion found on a real brain one?
    """

    scale: float
    shift: float
    operating_point: float
    operating_peak: float
    low: float
    high: float
    spread: tuple[float, float]
    noise: RescanNoise
    operating_noise: RescanNoise
    existence: tuple[float, float]

    def probability(self, scores: Floats) -> Floats:
        """The share of voxels with such scores that are lesion."""
        found: Floats = (1 / (1 + np.exp(-np.clip(self.scale * scores + self.shift, -30, 30)))).astype(np.float32)
        return found

    def interval(self, expected_ml: float) -> VolumeInterval:
        """Where the true volume lies in 95 of 100 scans like those of the calibration.

        Parameters
        ----------
        expected_ml : float
            The sum of the probabilities.
        """
        high = max(self._limit(self.high, ml) for ml in (0.0, expected_ml))  # never below that of nothing found
        return VolumeInterval(max(0.0, self._limit(self.low, expected_ml)), max(0.0, high), METHOD)

    def _limit(self, quantile: float, expected_ml: float) -> float:
        a, b = self.spread
        spread = a + b / np.sqrt(expected_ml + FLOOR_ML)
        return float((expected_ml + FLOOR_ML) * np.exp(quantile * spread) - FLOOR_ML)

    def confidence(self, peak_probability: float) -> float:
        """The share of lesions with such a surest voxel that touched a true one, on real brains.

        Simulated lesions are told from nothing more easily: of theirs a larger share is true at every probability.
        """
        p = min(max(peak_probability, 1e-4), 1 - 1e-4)
        one, logit = self.existence
        return float(1 / (1 + np.exp(-(one + logit * np.log(p / (1 - p))))))


@lru_cache(maxsize=1)
def calibration() -> Calibration:
    """The constants of the shipped network."""
    file = resources.files("neurolupus.imaging.models").joinpath(CONSTANTS)
    return calibration_of(json.loads(file.read_text(encoding="utf-8")))


def calibration_of(told: Mapping[str, Any]) -> Calibration:
    """The constants as their file tells them."""
    a, b = told["spread"]
    one, logit = told["existence"]
    return Calibration(
        told["scale"], told["shift"], told["operating_point"], told["operating_peak"], told["low"], told["high"],
        (a, b), _noise(told["noise"]), _noise(told["operating_noise"]), (one, logit),
    )  # fmt: skip


def _noise(told: Mapping[str, Mapping[str, float]]) -> RescanNoise:
    return RescanNoise(Noise(**told["2d"]), Noise(**told["3d"]))
