from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

from made_up_mr import noisy_head
from PIL import Image, ImageDraw, ImageFont

from neurolupus.dicom.private.burned_in import check_frames, looks_like_text
from neurolupus.errors import DicomError


def with_text(text: str, size: int, value: int = 4095, at: tuple[int, int] = (8, 8)) -> np.ndarray:
    """A head of 256 x 256 with a text as viewers burn it in."""
    frame = noisy_head(256, 256).astype(np.int32)
    drawn = Image.new("L", (256, 256))
    ImageDraw.Draw(drawn).text(at, text, fill=255, font=ImageFont.load_default(size))
    return np.where(np.asarray(drawn) > 127, value, frame).astype(np.uint16)


@pytest.mark.parametrize("size", [10, 12, 16, 24])
@pytest.mark.parametrize("text", ["KANARIENVOGEL ANNA", "13.04.1956 F 067Y", "Inselspital Bern"])
@pytest.mark.parametrize("at", [(8, 8), (4, 225)])
def test_burned_in_text_is_found(text: str, size: int, at: tuple[int, int]) -> None:
    assert looks_like_text(with_text(text, size, at=at))


def test_text_in_an_inverted_picture_and_black_text_are_found() -> None:
    assert looks_like_text(4095 - with_text("KANARIENVOGEL ANNA", 14))
    bright = np.clip(noisy_head(256, 256) + 2000, 0, 4095)
    black = np.where(with_text("KANARIENVOGEL ANNA", 14) == 4095, 0, bright)
    assert looks_like_text(black.astype(np.uint16))


def test_heads_noise_and_flat_pictures_are_no_text() -> None:
    random = np.random.default_rng(5)
    assert not looks_like_text(noisy_head(256, 256))
    assert not looks_like_text(np.zeros((64, 64), np.uint16))
    assert not looks_like_text(random.integers(0, 4096, (256, 256)).astype(np.uint16))
    spots = noisy_head(256, 256)
    spots[random.integers(40, 210, 300), random.integers(40, 210, 300)] = 4095
    assert not looks_like_text(spots)


def test_the_frame_is_told() -> None:
    stack = np.stack([noisy_head(256, 256), with_text("KANARIENVOGEL", 14)])
    with pytest.raises(DicomError, match=r"frame 2 of 2\)\n.*--pixels-seen"):
        check_frames(stack)


@pytest.mark.slow
def test_no_real_scan_is_taken_for_text(shared: Path) -> None:
    import nibabel

    found = []
    for path in sorted((shared / "data" / "mri" / "ms-longitudinal").rglob("*anat/*.nii.gz")):
        data = np.asarray(nibabel.load(path).dataobj)
        frames = np.moveaxis(data, int(np.argmin(data.shape)), 0)
        found += [f"{path.name} {number}" for number, frame in enumerate(frames) if looks_like_text(frame)]
    assert found == []
