"""The only drawing of images: grey slices, colour overlays, outlines, marks, and their encoding.

Every picture is an (height, width, 3) float array from 0 to 1 until it is encoded. Outlines are computed from the
interpolated field, not from voxels, so they stay smooth at any magnification. Colours are those of Okabe and Ito,
which readers with any colour vision can tell apart.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont, features

from neurolupus.records.volume import Mask
from neurolupus.report.display import SIDES, Field, Plane, View, cut

Picture = NDArray[np.float32]  # (height, width, 3), 0 to 1
Colour = tuple[float, float, float]


def colour(text: str) -> Colour:
    """A colour from its six hexadecimal digits, as style sheets write it."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


GM_COLOUR, WM_COLOUR, CSF_COLOUR = colour("#009e73"), colour("#f0e442"), colour("#56b4e9")
WMH_COLOUR, TRUTH_COLOUR, BRAIN_COLOUR = colour("#ff7f2a"), colour("#56b4e9"), colour("#56b4e9")
# dark red to pale yellow, lightness rising all the way: readable in grey print as well
_HEAT = np.array([colour(c) for c in ("#5b0f3c", "#a3153f", "#dc4a2c", "#f59322", "#fcd34d", "#fffbd1")], np.float32)
HEAT_STOPS = ("#5b0f3c", "#a3153f", "#dc4a2c", "#f59322", "#fcd34d", "#fffbd1")
HEAT_FLOOR = 0.05  # probabilities below are not painted


@dataclass(frozen=True, slots=True)
class Image:
    """An encoded picture, ready to be written into a page."""

    data: bytes
    width: int
    height: int
    alt: str = ""

    @property
    def uri(self) -> str:
        """The picture as a data address."""
        return data_uri(self.data)


def data_uri(data: bytes) -> str:
    """Bytes of a PNG, JPEG or WebP as a data address; the kind is told from the first bytes."""
    kind = "png" if data[:4] == b"\x89PNG" else "jpeg" if data[:2] == b"\xff\xd8" else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class GreyRange:
    """The intensities shown as black and white."""

    low: float
    high: float


def grey_range(image: NDArray[Any], mask: Mask, top: float = 99.7) -> GreyRange:
    """Black and white of an image from its voxels inside a mask (every second voxel is enough)."""
    thin = (slice(None, None, 2),) * 3
    values = image[thin][mask[thin]]
    if values.size < 16:
        values = image[thin].ravel()
    low, high = (float(x) for x in np.percentile(values, (0.5, top)))
    low = min(low, 0.35 * high) if high > 0 else low
    high += 0.06 * (high - low)  # white matter stays short of white, so that its texture can be seen
    return GreyRange(low, high if high > low else low + 1.0)


def scale_grey(field: Field, grey: GreyRange) -> Field:
    """Intensities to 0 (black) to 1 (white)."""
    return np.asarray(np.clip((field - grey.low) / (grey.high - grey.low), 0, 1), np.float32)


def draw_grey(image: NDArray[Any], view: View, grey: GreyRange) -> Picture:
    """One slice in grey."""
    return np.repeat(scale_grey(cut(image, view), grey)[..., None], 3, axis=2)


def heat_colours(values: Field) -> Picture:
    """Colours of probabilities 0 to 1."""
    place = np.clip(values, 0, 1) * (len(_HEAT) - 1)
    lower = np.minimum(place.astype(int), len(_HEAT) - 2)
    part = (place - lower)[..., None]
    return np.asarray(_HEAT[lower] * (1 - part) + _HEAT[lower + 1] * part, np.float32)


def heat_alpha(values: Field) -> Field:
    """How opaque a probability is painted: nothing below HEAT_FLOOR, nearly full from 0.3."""
    return np.asarray(np.clip((values - HEAT_FLOOR) / 0.25, 0, 1) * 0.9, np.float32)


def blend(picture: Picture, colours: Picture | Colour, alpha: Field) -> Picture:
    """Paint colours over a picture; `alpha` is 0 (nothing) to 1 (paint only)."""
    paint = np.asarray(colours, np.float32)
    return np.asarray(picture * (1 - alpha[..., None]) + paint * alpha[..., None], np.float32)


def draw_heat(picture: Picture, probability: NDArray[Any], view: View) -> Picture:
    """Paint a probability over a slice."""
    values = cut(probability, view)
    return blend(picture, heat_colours(values), heat_alpha(values))


def tissue_paint(gm: NDArray[Any], wm: NDArray[Any], csf: NDArray[Any], view: View) -> tuple[Picture, Field]:
    """Colours and opacity of the tissue fractions in one slice; mixed voxels get mixed colours."""
    fractions = np.clip(np.stack([cut(tissue, view) for tissue in (gm, wm, csf)], axis=-1), 0, 1)
    total = fractions.sum(axis=-1)
    sharpened = fractions**2  # a voxel of 90 % shows its colour, the border stays soft
    weights = sharpened / np.maximum(sharpened.sum(axis=-1, keepdims=True), 1e-6)
    colours = weights @ np.array([GM_COLOUR, WM_COLOUR, CSF_COLOUR], np.float32)
    return np.asarray(colours, np.float32), np.asarray(np.clip(total, 0, 1), np.float32)


def outline_alpha(field: Field, level: float, width: float) -> Field:
    """Opacity of the line where `field` crosses `level`, `width` pixels wide, with soft edges."""
    down, across = np.gradient(field)
    steepness = np.maximum(np.hypot(down, across), 1e-4)
    distance = np.abs(field - level) / steepness
    return np.asarray(np.clip(width / 2 + 0.5 - distance, 0, 1), np.float32)


def draw_outline(
    picture: Picture, mask: NDArray[Any], view: View, colour: Colour, *, level: float = 0.5, width: float = 1.6
) -> Picture:
    """Draw the border of a mask, or the `level` line of a probability."""
    return blend(picture, colour, outline_alpha(cut(mask, view), level, width))


def draw_checker(first: Picture, second: Picture, tile: int) -> Picture:
    """Squares of two pictures in turn: lines that run on across the squares show that they are aligned."""
    rows, columns = (np.arange(n) // tile for n in first.shape[:2])
    odd = (rows[:, None] + columns[None, :]) % 2 == 1
    return np.where(odd[..., None], second, first)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _with_marks(image: PILImage.Image, sides: tuple[str, str]) -> PILImage.Image:
    """Print the two sides of the patient on a picture, dark-edged so that they can be read on any grey."""
    size = max(round(image.width * 0.058), 11)
    pen, font = ImageDraw.Draw(image), _font(size)
    inset, middle = round(size * 0.45), image.height // 2
    for text, x, anchor in ((sides[0], inset, "lm"), (sides[1], image.width - inset, "rm")):
        pen.text((x, middle), text, fill="#ffffff", font=font, anchor=anchor, stroke_width=1, stroke_fill="#000000")
    return image


def to_pil(picture: Picture, sides: tuple[str, str] | None = None) -> PILImage.Image:
    """A picture as eight-bit colour, with the patient's sides printed on it."""
    image = PILImage.fromarray(np.asarray(np.clip(picture, 0, 1) * 255 + 0.5, np.uint8))
    return _with_marks(image, sides) if sides else image


def encode(picture: Picture, *, plane: Plane | None, alt: str, quality: int = 80, lossless: bool = False) -> Image:
    """A picture as WebP, or JPEG where this Pillow knows no WebP; with side marks when `plane` is given."""
    image = to_pil(picture, SIDES[plane] if plane else None)
    return encode_pil(image, alt=alt, quality=quality, lossless=lossless)


def encode_pil(image: PILImage.Image, *, alt: str, quality: int = 80, lossless: bool = False) -> Image:
    """A Pillow image as WebP; without WebP as PNG when it is transparent or lossless, else JPEG."""
    buffer = io.BytesIO()
    if features.check("webp"):
        image.save(buffer, "WEBP", quality=quality, method=2, lossless=lossless)
    elif lossless or image.mode == "RGBA":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=quality)
    return Image(buffer.getvalue(), image.width, image.height, alt)


def encode_png(image: PILImage.Image, greys: int = 72, colours: int = 128) -> bytes:
    """A small PNG with a palette of its own, for pictures that are kept as files.

    Coloured pixels are few beside the grey ones; they get colours of their own, or the greys would wash them out.
    """
    pixels = np.asarray(image.convert("RGB"))
    coloured = pixels[np.ptp(pixels.astype(np.int16), axis=2) > 12]
    palette = [level for n in range(greys) for level in 3 * [round(255 * n / (greys - 1))]]
    if len(coloured):
        row = PILImage.fromarray(coloured[None]).quantize(colours, PILImage.Quantize.MEDIANCUT)
        palette += row.getpalette() or []
    chart = PILImage.new("P", (1, 1))
    chart.putpalette(palette[: 3 * 256])
    buffer = io.BytesIO()
    image.convert("RGB").quantize(palette=chart, dither=PILImage.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def column(images: Sequence[PILImage.Image], gap: int = 0) -> PILImage.Image:
    """Images of one size, one above the other; the gap between them is black, or transparent with an alpha channel."""
    width, height = images[0].size
    whole = PILImage.new(images[0].mode, (width, (height + gap) * len(images) - gap))
    for n, image in enumerate(images):
        whole.paste(image, (0, n * (height + gap)))
    return whole
