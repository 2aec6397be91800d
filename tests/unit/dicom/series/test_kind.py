"""What a series shows is told by its sequence; names alone make no T1w and no FLAIR."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neurolupus.dicom.series.kind import kind_of
from neurolupus.dicom.series.slices import Facts, Identity, Series, Slice

NOBODY = Identity("1", "", "", "1.1", "1.1.1", "20240101", "", "", "", "100000")
ONE = Slice(
    Path("x"),
    0,
    "1",
    "",
    1,
    (0, 0, 0),
    (1, 0, 0, 0, 1, 0),
    (1, 1),
    2,
    2,
    ("ORIGINAL", "PRIMARY", "M", "ND"),
    3,
    None,
    "",
)
MPRAGE = Facts(
    sop_class="1.2.840.10008.5.1.4.1.1.4",
    modality="MR",
    series_number=3,
    description="t1_mprage",
    protocol="",
    sequence_name="*tfl3d1",
    scanning_sequence=("GR", "IR"),
    sequence_variant=("SK", "SP", "MP"),
    scan_options=(),
    acquisition_type="3D",
    repetition_ms=2300.0,
    echo_ms=2.98,
    inversion_ms=900.0,
    flip_angle_deg=9.0,
    b_value=None,
    is_burned_in=False,
    is_angio=False,
    contrast_agent="",
    samples_per_pixel=1,
    thickness_mm=1.0,
    body_part="BRAIN",
    manufacturer="SIEMENS",
    field_strength_t=3.0,
    scanner="",
)
FLAIR = replace(
    MPRAGE,
    description="ax flair",
    scanning_sequence=("SE", "IR"),
    sequence_variant=("SK",),
    acquisition_type="2D",
    repetition_ms=9000.0,
    echo_ms=120.0,
    inversion_ms=2500.0,
    flip_angle_deg=150.0,
)


def series(facts: Facts, image_type: tuple[str, ...] = ONE.image_type) -> Series:
    return Series(NOBODY, facts, (replace(ONE, image_type=image_type),) * 20)


# Protocols as vendors print them; times in ms.
T1W: list[dict[str, Any]] = [
    {},
    {"description": "", "protocol": ""},
    {"description": "FLAIR"},  # a wrong name makes no FLAIR of it
    {"scanning_sequence": ("GR",), "sequence_variant": ("SS", "SP", "SK"), "repetition_ms": 8.9, "echo_ms": 3.16},
    {"scanning_sequence": ("GR",), "sequence_variant": ("MP",), "repetition_ms": 8.1, "inversion_ms": None},
    {"scanning_sequence": ("GR",), "sequence_variant": ("SP",), "repetition_ms": 25.0, "flip_angle_deg": 30.0},
    {"scanning_sequence": ("GR",), "repetition_ms": 250.0, "flip_angle_deg": 70.0, "inversion_ms": None},
    {
        "scanning_sequence": ("SE",),
        "sequence_variant": (),
        "repetition_ms": 550.0,
        "echo_ms": 12.0,
        "inversion_ms": None,
    },
    {"scanning_sequence": ("SE", "IR"), "repetition_ms": 2100.0, "echo_ms": 24.0, "inversion_ms": 860.0},
    {"scanning_sequence": (), "repetition_ms": 8.0, "inversion_ms": 0.0},
    {"contrast_agent": "", "description": "T1 pre contrast"},
    {"description": "T1 ohne KM"},
    {"description": "T1 post-op"},
]


@pytest.mark.parametrize("changes", T1W)
def test_t1w(changes: dict[str, Any]) -> None:
    kind = kind_of(series(replace(MPRAGE, **changes)))
    assert (kind.suffix, kind.reasons) == ("T1w", ())


FLAIRS: list[dict[str, Any]] = [
    {},
    {"description": "T1 mprage"},
    {"acquisition_type": "3D", "repetition_ms": 4800.0, "echo_ms": 340.0, "inversion_ms": 1650.0},
    {"scanning_sequence": ("IR",), "repetition_ms": 11000.0, "inversion_ms": 2800.0},
    {"scanning_sequence": ("SE",)},  # the inversion time alone tells it
    {"inversion_ms": None},  # IR alone tells it
]


@pytest.mark.parametrize("changes", FLAIRS)
def test_flair(changes: dict[str, Any]) -> None:
    kind = kind_of(series(replace(FLAIR, **changes)))
    assert (kind.suffix, kind.reasons) == ("FLAIR", ())


OTHERS: list[tuple[Facts, dict[str, Any], str]] = [
    (FLAIR, {"scanning_sequence": ("SE",), "inversion_ms": None}, "T2-weighted"),
    (FLAIR, {"scanning_sequence": ("SE",), "inversion_ms": None, "description": "FLAIR"}, "T2-weighted"),
    (FLAIR, {"scanning_sequence": ("SE",), "inversion_ms": None, "echo_ms": 15.0}, "proton-density"),
    (FLAIR, {"inversion_ms": 150.0}, "STIR"),
    (FLAIR, {"description": "3D DIR"}, "double inversion"),
    (MPRAGE, {"repetition_ms": 5000.0, "inversion_ms": 700.0}, "MP2RAGE"),
    (MPRAGE, {"repetition_ms": 600.0, "echo_ms": 20.0, "inversion_ms": None}, "T2*- or susceptibility"),
    (MPRAGE, {"scanning_sequence": ("GR",), "sequence_variant": ("SS",), "repetition_ms": 5.0}, "steady state"),
    (
        MPRAGE,
        {"scanning_sequence": ("GR",), "sequence_variant": ("SP",), "repetition_ms": 20.0, "flip_angle_deg": 3.0,
         "inversion_ms": None},
        "proton-density-weighted, flip angle 3°",
    ),
    (MPRAGE, {"repetition_ms": None}, "RepetitionTime not in the header"),
    (MPRAGE, {"repetition_ms": None, "echo_ms": 0.0}, "RepetitionTime and EchoTime not in the header"),
    (MPRAGE, {"contrast_agent": "Gadovist"}, "contrast-enhanced (Gadovist)"),
    (MPRAGE, {"description": "t1_mprage_+C"}, "contrast-enhanced, as its name says"),
    (MPRAGE, {"description": "T1 post"}, "contrast-enhanced, as its name says"),
    (MPRAGE, {"description": "T1 mit KM"}, "contrast-enhanced, as its name says"),
    (MPRAGE, {"is_angio": True}, "angiography"),
    (MPRAGE, {"description": "TOF_3D_multi-slab"}, "angiography"),
    (MPRAGE, {"scan_options": ("VASCTOF_GEMS",)}, "angiography"),
    (MPRAGE, {"is_burned_in": True}, "burned into the pixels"),
    (MPRAGE, {"description": "s3DTOF", "is_angio": True}, "angiography"),
    (MPRAGE, {"description": "3DTOF head"}, "angiography"),
    (MPRAGE, {"description": "localizer"}, "localiser"),
    (MPRAGE, {"description": "AAHead_Scout_64ch-head-coil"}, "localiser"),
    (MPRAGE, {"description": "ASSET calibration"}, "calibration"),
    (MPRAGE, {"description": "gre_field_mapping"}, "calibration or map"),
    (MPRAGE, {"b_value": 1000.0}, "diffusion (b = 1000"),
    (MPRAGE, {"scanning_sequence": ("EP", "SE")}, "echo-planar"),
    (MPRAGE, {"samples_per_pixel": 3}, "in colour"),
    (MPRAGE, {"sequence_variant": ("SP", "MTC")}, "magnetisation transfer"),
    (MPRAGE, {"body_part": "CSPINE"}, "not of the head"),
    (MPRAGE, {"sop_class": "1.2.840.10008.5.1.4.1.1.2", "modality": "CT"}, "CT Image, no MR image"),
    (MPRAGE, {"sop_class": "1.2.840.10008.5.1.4.1.1.7"}, "a screen capture"),
    (MPRAGE, {"sop_class": "1.2.840.10008.5.1.4.1.1.88.33", "modality": "SR"}, "SR"),
    (MPRAGE, {"sop_class": "1.2.840.10008.5.1.4.1.1.11.1", "modality": "PR"}, "Presentation State"),
    (MPRAGE, {"sop_class": "1.2.3"}, "class 1.2.3"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "changes", "words"), OTHERS, ids=[words for _, _, words in OTHERS])
def test_what_is_passed_over_says_why(facts: Facts, changes: dict[str, Any], words: str) -> None:
    kind = kind_of(series(replace(facts, **changes)))
    assert kind.reasons
    assert words in "; ".join(kind.reasons)


@pytest.mark.parametrize(
    ("image_type", "words"),
    [
        (("DERIVED", "SECONDARY", "MPR"), "reformatted"),
        (("DERIVED", "PRIMARY", "PROJECTION IMAGE", "MIP"), "a projection"),
        (("DERIVED", "SECONDARY", "SUBTRACTION"), "a subtraction"),
        (("DERIVED", "PRIMARY", "M", "ND", "UNI"), "computed of two"),
        (("DERIVED", "PRIMARY", "M"), "derived"),
        (("ORIGINAL", "SECONDARY", "M"), "derived"),
        (("ORIGINAL", "PRIMARY", "P", "ND"), "phase"),
        (("ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"), "phase"),
        (("ORIGINAL", "PRIMARY", "R_IR", "R", "IR"), "phase, real"),
        (("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND"), "diffusion"),
        (("ORIGINAL", "PRIMARY", "SW_M_FFE", "SW_M", "FFE"), "susceptibility"),
        (("ORIGINAL", "PRIMARY", "M", "LOCALIZER"), "localiser"),
    ],
)
def test_the_image_type_passes_a_series_over(image_type: tuple[str, ...], words: str) -> None:
    assert words in "; ".join(kind_of(series(MPRAGE, image_type)).reasons)


@pytest.mark.parametrize(
    "image_type",
    [
        ("ORIGINAL", "PRIMARY", "M", "ND", "NORM"),
        ("ORIGINAL", "PRIMARY", "M_IR", "M", "IR"),
        ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
        ("ORIGINAL", "PRIMARY", "OTHER"),
        ("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
        ("ORIGINAL", "PRIMARY"),
        (),
    ],
)
def test_the_image_types_of_plain_images_do_not(image_type: tuple[str, ...]) -> None:
    assert kind_of(series(MPRAGE, image_type)).reasons == ()


def test_several_reasons_are_told_together() -> None:
    kind = kind_of(series(replace(MPRAGE, contrast_agent="Dotarem"), ("DERIVED", "SECONDARY", "MPR")))
    assert len(kind.reasons) == 2


@pytest.mark.parametrize(
    ("folder", "suffix"),
    [("ge/anatomical/001", "T1w"), ("philips/anatomical/001", "FLAIR"), ("siemens/anatomical/001", "FLAIR")],
)
def test_real_series_show_what_their_times_say(shared: Path, folder: str, suffix: str) -> None:
    # TR 8.9, TE 3.2, TI 900 of a GR; TR 4800, TE 387, TI 1650; TR 6000, TE 394, TI 2200 of inverted spin echoes
    from neurolupus.dicom.series.find import find_images
    from neurolupus.dicom.series.group import group_series

    (one,) = group_series(find_images(shared / "data" / "dicom" / folder).buckets.values())
    kind = kind_of(one)
    assert (kind.suffix, kind.reasons) == (suffix, ())


@pytest.mark.parametrize(
    ("group", "changes", "words"),
    [
        (None, {}, ""),
        ("kind", {"ComplexImageComponent": "PHASE"}, "phase"),
        ("kind", {"AcquisitionContrast": "DIFFUSION"}, "diffusion"),
        ("kind", {"AcquisitionContrast": "TIME_OF_FLIGHT"}, "angiography"),
        ("kind", {"FrameType": ["DERIVED", "PRIMARY", "VOLUME", "NONE"]}, "derived"),
        ("modifier", {"MagnetizationTransfer": "ON_RESONANCE"}, "magnetisation transfer"),
        (None, {"TimeOfFlightContrast": "YES"}, "angiography"),
        (None, {"EchoPlanarPulseSequence": "YES"}, "echo-planar"),
        (None, {"SteadyStatePulseSequence": "FREE_PRECESSION"}, "steady state"),
        (None, {"SteadyStatePulseSequence": "FREE_PRECESSION", "Spoiling": "RF"}, ""),
    ],
)
def test_a_multi_frame_file_tells_it_in_its_own_words(
    tmp_path: Path, group: str | None, changes: dict[str, Any], words: str
) -> None:
    import pydicom
    from dicom_series import asymmetric_phantom, write_series

    from neurolupus.dicom.series.find import find_images
    from neurolupus.dicom.series.group import group_series

    written = write_series(tmp_path, asymmetric_phantom((12, 14, 12), mm=10.0), vendor="GE", enhanced=True)
    ds = pydicom.dcmread(written.paths[0])
    ds.PulseSequenceName = "BRAVO"
    shared = ds.SharedFunctionalGroupsSequence[0]
    keys = {"kind": "MRImageFrameTypeSequence", "modifier": "MRModifierSequence"}
    place = ds if group is None else shared[keys[group]][0]
    for keyword, value in changes.items():
        setattr(place, keyword, value)
    ds.save_as(written.paths[0])
    (one,) = group_series(find_images(tmp_path).buckets.values())
    kind = kind_of(one)
    assert (words in "; ".join(kind.reasons)) if words else (kind.suffix, kind.reasons) == ("T1w", ())
