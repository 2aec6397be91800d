"""A paragraph for the radiologist's report, in plain words: volumes, lesions by region, and what limits them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_VOLUMES = (
    ("tiv_ml", "intracranial volume", 0), ("tbv_ml", "total brain", 0), ("gm_ml", "grey matter", 0),
    ("wm_ml", "white matter", 0), ("csf_ml", "cerebrospinal fluid", 0),
)  # fmt: skip
_REGIONS = ("periventricular", "deep", "juxtacortical", "infratentorial")
_NAMES = {
    "wmh_ml": "white matter hyperintensities",
    "tbv_ml": "total brain",
    "gm_ml": "grey matter",
    "wm_ml": "white matter",
}
CAVEAT = (
    "Measured automatically; volumes are context, change neither attribution nor mechanism, and are no diagnosis. "
    "Volumes of other scanners or protocols cannot be compared directly."
)


@dataclass(frozen=True, slots=True)
class Found:
    """One number with its interval, or a word."""

    value: float | None
    low: float | None = None
    high: float | None = None
    text: str | None = None


def radiology_paragraph(
    numbers: Mapping[str, Found],
    *,
    acquired: str | None,
    percentiles: Mapping[str, tuple[float, int]],
    warnings: Sequence[str] = (),
    software: str,
) -> str:
    """The paragraph, to be copied.

    Parameters
    ----------
    numbers : mapping of measurement to Found
    acquired : str or None
        The day of the scan.
    percentiles : mapping of measurement to (percentile, n)
        Among n other patients of the store, adjusted for age, sex and intracranial volume.
    warnings : sequence of str
    software : str
        Name and version.

    Examples
    --------
    >>> print(radiology_paragraph({"wmh_ml": Found(2.53, 1.9, 3.4)}, acquired="2025-06-12",
    ...       percentiles={}, software="neurolupus 1").partition(" Measured")[0])
    Brain MRI of 2025-06-12. White matter hyperintensities: 2.53 ml (95 % interval in simulated scans 1.90 to 3.40 ml).
    """
    said = [f"Brain MRI of {acquired}." if acquired else "Brain MRI, date not recorded."]
    said += [*_lesions(numbers), *_volumes(numbers), *_percentiles(percentiles)]
    said += [f"{one.rstrip('.')}." for one in warnings]
    return " ".join([*said, CAVEAT, f"{software}."])


def _lesions(numbers: Mapping[str, Found]) -> list[str]:
    wmh = numbers.get("wmh_ml")
    if wmh is None or wmh.value is None:
        return ["White matter hyperintensities were not measured."]
    within = (
        f" (95 % interval in simulated scans {wmh.low:.2f} to {wmh.high:.2f} ml)"
        if wmh.low is not None and wmh.high is not None
        else ""
    )
    count = _value(numbers, "wmh_count")
    how_many = "" if count is None else f", {count:.0f} lesion{'s' if count != 1 else ''}"
    said = [f"White matter hyperintensities: {wmh.value:.2f} ml{within}{how_many}."]
    regions = [_region(numbers, region) for region in _REGIONS if f"wmh_{region}_ml" in numbers]
    if regions:
        said.append(f"By region (number of lesions): {', '.join(regions)}.")
    infarcts = _value(numbers, "infarct_like_count")
    if infarcts:
        said.append(f"Infarct-like lesions: {infarcts:.0f}, not counted among the hyperintensities.")
    return said


def _region(numbers: Mapping[str, Found], region: str) -> str:
    volume, count = _value(numbers, f"wmh_{region}_ml"), _value(numbers, f"wmh_{region}_count")
    if volume is None:
        return f"{region} not known"
    return f"{region} {volume:.2f} ml" + ("" if count is None else f" ({count:.0f})")


def _volumes(numbers: Mapping[str, Found]) -> list[str]:
    known = [(name, _value(numbers, key), places) for key, name, places in _VOLUMES]
    told = [f"{name} {value:.{places}f} ml" for name, value, places in known if value is not None]
    return [f"Volumes: {', '.join(told)}."] if told else []


def _percentiles(found: Mapping[str, tuple[float, int]]) -> list[str]:
    if not found:
        return []
    n = max(n for _, n in found.values())
    told = ", ".join(f"{_NAMES[name]} {percentile:.0f}" for name, (percentile, _) in found.items())
    return [
        f"Percentile among {n} other patients measured here, adjusted for age, sex and intracranial volume: {told}."
    ]


def _value(numbers: Mapping[str, Found], name: str) -> float | None:
    one = numbers.get(name)
    return None if one is None else one.value
