"""JSON sidecars: how an image was acquired, with BIDS inheritance and without identities."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neurolupus.io.header import ImageHeader
from neurolupus.records.scan import Acquisition

LARGEST_SIDECAR_BYTES = 1 << 22
LONGEST_TEXT = 120

# What is kept; everything else (dates, times, names, institutions, serial numbers, free text) is dropped.
KEPT_FIELDS = (
    "Modality",
    "Manufacturer",
    "ManufacturersModelName",
    "MagneticFieldStrength",
    "MRAcquisitionType",
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "PulseSequenceType",
    "RepetitionTime",
    "RepetitionTimeExcitation",
    "EchoTime",
    "EchoTrainLength",
    "InversionTime",
    "FlipAngle",
    "SliceThickness",
    "SpacingBetweenSlices",
    "NumberOfAverages",
    "PixelBandwidth",
    "ParallelReductionFactorInPlane",
    "PartialFourier",
    "ReceiveCoilName",
    "NonlinearGradientCorrection",
    "ImageType",
    "ContrastBolusAgent",
    "ContrastBolusIngredient",
    "SkullStripped",
)
# Read for what they tell of the sequence, then dropped: they are free text.
SEQUENCE_NAMES = ("SeriesDescription", "ProtocolName", "SequenceName")

Dim = Literal["2D", "3D"]
FLAIR_WORDS = re.compile(r"flair|dark.?fluid|tirm", re.IGNORECASE)
T1W_WORDS = re.compile(r"t1w|mp2?rage|mpr\b|bravo|spgr|(?<![a-z0-9])t1(?![0-9a-z])", re.IGNORECASE)
# Slices of at least 2.5 mm, or voxels at least twice as long as wide, are what 2D sequences give.
THICK_SLICE_MM = 2.5
THICK_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The fields of a sidecar, inherited ones included, and what went wrong in reading them."""

    fields: dict[str, object]
    warnings: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """A field as text; empty when it is absent."""
        value = self.fields.get(name)
        return value.strip() if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """A field as a number; None when it is absent or no number."""
        value = self.fields.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def split_name(name: str) -> tuple[dict[str, str], str, str]:
    """Entities, suffix and extension of a BIDS file name.

    Examples
    --------
    >>> split_name("sub-01_ses-1_T1w.nii.gz")
    ({'sub': '01', 'ses': '1'}, 'T1w', '.nii.gz')
    """
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    entities = dict(pair.split("-", 1) for pair in pairs if "-" in pair)
    return entities, suffix, dot + extension


def read_sidecar(image: Path) -> Sidecar:
    """The fields that hold for an image: the nearest sidecar wins, farther ones fill in.

    In a BIDS tree (`.../sub-01/ses-1/anat/`) the folders up to the data set's root are searched for JSON files whose
    suffix is the image's and whose entities are among the image's; elsewhere only the JSON file beside the image.
    A file that is no JSON object is left out with a warning.
    """
    fields: dict[str, object] = {}
    warnings: list[str] = []
    for path in _applicable(image):
        try:
            if path.stat().st_size > LARGEST_SIDECAR_BYTES:
                raise ValueError("too large")
            read = json.loads(path.read_text(encoding="utf-8-sig"))
            if not isinstance(read, dict):
                raise ValueError("not an object")
        except (OSError, ValueError, RecursionError):
            warnings.append(f"sidecar {path.name} is no JSON object and was not used")
            continue
        fields.update(read)
    return Sidecar(fields, tuple(warnings))


def _applicable(image: Path) -> list[Path]:
    """JSON files that describe an image, farthest and least specific first."""
    entities, suffix, _ = split_name(image.name)
    own = image.name.partition(".")[0] + ".json"
    if image.parent.name != "anat" or "sub" not in entities:
        return [path for path in [image.with_name(own)] if path.is_file()]
    folders = [image.parent]
    while folders[-1].name == "anat" or folders[-1].name.startswith(("ses-", "sub-")):
        folders.append(folders[-1].parent)
    found: list[Path] = []
    for folder in reversed(folders):
        level = []
        for path in folder.glob(f"*{suffix}.json"):
            its_entities, its_suffix, _ = split_name(path.name)
            if its_suffix == suffix and its_entities.items() <= entities.items():
                level.append((len(its_entities), path.name, path))
        found += [path for _, _, path in sorted(level)]
    return found


def kept_fields(fields: dict[str, object]) -> dict[str, object]:
    """The fields of KEPT_FIELDS whose values are short text, numbers, or lists of these."""
    return {name: fields[name] for name in KEPT_FIELDS if name in fields and _is_plain(fields[name])}


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= 16 and all(_is_plain(item) and not isinstance(item, list) for item in value)
    return isinstance(value, (int, float, bool)) or (isinstance(value, str) and len(value) <= LONGEST_TEXT)


def geometry_dim(header: ImageHeader) -> Dim:
    """2D or 3D as the voxels tell: thick slices, or voxels at least twice as long as wide, are 2D."""
    size = header.voxel_size_mm
    return "2D" if max(size) >= THICK_SLICE_MM or max(size) / min(size) >= THICK_RATIO else "3D"


def acquisition(header: ImageHeader, sidecar: Sidecar, image: Path) -> tuple[Acquisition, list[str]]:
    """How an image was acquired, and what a reader must know of it."""
    warnings = list(sidecar.warnings)
    told, seen = sidecar.text("MRAcquisitionType").upper(), geometry_dim(header)
    dim: Dim = "2D" if told == "2D" else "3D" if told == "3D" else seen
    if told in ("2D", "3D") and told != seen:
        edges = " x ".join(f"{edge:.2f}" for edge in header.voxel_size_mm)
        warnings.append(f"the sidecar says {told}, voxels of {edges} mm look {seen}; taken as {told}")
    agent = contrast_agent(sidecar, image)
    if agent:
        warnings.append(f"contrast-enhanced ({agent}): bright vessels and meninges may be taken for brain")
    facts = Acquisition(
        native_shape=header.volume_shape,
        native_voxel_size_mm=header.voxel_size_mm,
        acquisition_type=dim,
        contrast_enhanced=True if agent else None,
        manufacturer=sidecar.text("Manufacturer")[:LONGEST_TEXT] or None,
        magnetic_field_strength_t=sidecar.number("MagneticFieldStrength"),
        sidecar=kept_fields(sidecar.fields),
    )
    return facts, warnings


def contrast_agent(sidecar: Sidecar, image: Path) -> str:
    """What the sidecar or the entity `ce-` says of a contrast agent; empty when neither names one."""
    for name in ("ContrastBolusAgent", "ContrastBolusIngredient"):
        value = sidecar.text(name)
        if value and value.lower() not in ("none", "no", "n/a", "na", "unknown"):
            return f"{name}: {value[:LONGEST_TEXT]}"
    entities, _, _ = split_name(image.name)
    return f"ce-{entities['ce']}" if "ce" in entities else ""


def looks_like(sidecar: Sidecar, image: Path) -> Literal["T1w", "FLAIR"] | None:
    """T1w or FLAIR as the sidecar's sequence name and times tell, else the file name; None when neither tells.

    A FLAIR has a long echo (60 ms or more) after a long repetition time (4 s or more); a T1w an echo below 30 ms
    and a repetition time below 4 s. Times are in seconds, as BIDS has them.
    """
    told = _words(" ".join(sidecar.text(name) for name in SEQUENCE_NAMES))
    if told:
        return told
    echo, repetition = sidecar.number("EchoTime"), sidecar.number("RepetitionTime")
    if echo is not None and repetition is not None:
        if echo >= 0.06 and repetition >= 4:
            return "FLAIR"
        if echo < 0.03 and repetition < 4:
            return "T1w"
    return _words(image.name)


def _words(text: str) -> Literal["T1w", "FLAIR"] | None:
    text = text.replace("_", " ")
    flair, t1w = bool(FLAIR_WORDS.search(text)), bool(T1W_WORDS.search(text))
    if flair == t1w:
        return None
    return "FLAIR" if flair else "T1w"
