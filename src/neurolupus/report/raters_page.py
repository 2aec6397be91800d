"""The page of a comparison of raters: what to take from it, each pair in numbers, and where the outlines differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from neurolupus.imaging.agreement import VolumeAgreement
from neurolupus.records.volume import Mask, Volume
from neurolupus.report import figures
from neurolupus.report.charts import WIDTH, scale_for, tag
from neurolupus.report.display import View, head_box
from neurolupus.report.figures import Image
from neurolupus.report.pages import render_page, write_page

# Okabe and Ito; as many raters as have a colour of their own are drawn
COLOURS = ("#e69f00", "#56b4e9", "#cc79a7", "#009e73", "#f0e442", "#d55e00")
PICTURE_PIXELS_PER_MM = 2.4
MARGIN_MM = 12.0


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One scan of one pair; None is not defined."""

    scan: str
    dice: float
    lesion_f1: float
    kappa: float | None
    volume_a_ml: float
    volume_b_ml: float
    unsure_ml: float


@dataclass(frozen=True, slots=True)
class PairPart:
    """One pair of raters: its scans, volumes, and sentences on how sure this is."""

    a: str
    b: str
    scans: tuple[ScanLine, ...]
    dice: str
    volumes: VolumeAgreement | None
    plot: Markup | None
    size: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaterPicture:
    """One slice with the outline of every rater."""

    scan: str
    words: str
    image: Image


@dataclass(frozen=True, slots=True)
class KappaLine:
    """One kappa of grades, in words."""

    map: str
    raters: str
    method: str
    value: str
    n: int
    n_dropped: int
    observed: str


@dataclass(frozen=True, slots=True)
class RatersPage:
    """Everything on the page."""

    raters: tuple[str, ...]
    pairs: tuple[PairPart, ...]
    pictures: tuple[RaterPicture, ...]
    kappas: tuple[KappaLine, ...]
    icc21: float | None
    left_out: tuple[str, ...]
    untouched: tuple[tuple[str, str], ...]
    min_lesion_ml: float

    @property
    def colours(self) -> tuple[tuple[str, str], ...]:
        """Raters that are drawn, each with its colour."""
        return tuple(zip(self.raters, COLOURS, strict=False))


def write_raters(path: Path, content: RatersPage) -> None:
    """Write the page; replaced when it exists."""
    write_page(path, render_page("raters.html.j2", page=content))


def raters_picture(scan: str, flair: Volume, brain: Mask, maps: Sequence[Mask]) -> RaterPicture | None:
    """The slice in which raters differ most, else the one with the largest lesions; None without any lesion."""
    seen = np.sum(maps, axis=0)
    apart = np.count_nonzero((seen > 0) & (seen < len(maps)), axis=(0, 1))
    areas = apart if apart.any() else np.count_nonzero(seen, axis=(0, 1))
    if not areas.any():
        return None
    size = flair.voxel_size_mm
    index = int(np.argmax(areas))
    view = View("axial", index, head_box(brain, size, MARGIN_MM), size, PICTURE_PIXELS_PER_MM)
    picture = figures.draw_grey(flair.data, view, figures.grey_range(flair.data, brain, top=99.9))
    for mask, colour in reversed(list(zip(maps, COLOURS, strict=False))):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        picture = figures.draw_outline(picture, mask.astype(np.float32), view, (red, green, blue), width=1.7)
    image = figures.encode(picture, plane="axial", alt=f"{scan}: outlines of {len(maps)} raters on the FLAIR")
    ml = float(apart.sum()) * flair.voxel_volume_ml
    return RaterPicture(scan, f"{ml:.2f} ml are not in every map", image)


def bland_altman(a: Sequence[float], b: Sequence[float], scans: Sequence[str], agreement: VolumeAgreement) -> Markup:
    """Difference (b - a) over mean, in ml, with bias and limits of agreement."""
    means = [(x + y) / 2 for x, y in zip(a, b, strict=True)]
    differences = [y - x for x, y in zip(a, b, strict=True)]
    height, left = 210.0, 44.0
    x = scale_for(means, left + 6, WIDTH - 8)
    y = scale_for([*differences, agreement.limits_low, agreement.limits_high, 0.0], height - 40, 22)
    body = [tag("title", "Difference over mean"), tag("text", "difference, ml", x=0, y=12, class_="tick")]
    for tick in y.ticks(4):
        body.append(tag("line", x1=left, x2=WIDTH, y1=y(tick), y2=y(tick), class_="grid"))
        body.append(tag("text", f"{tick:g}", x=left - 6, y=y(tick) + 4, class_="tick", text_anchor="end"))
    for tick in x.ticks(4):
        body.append(tag("text", f"{tick:g}", x=x(tick), y=height - 20, class_="tick", text_anchor="middle"))
    body.append(tag("text", "mean of both, ml", x=WIDTH, y=height - 4, class_="tick", text_anchor="end"))
    for value, kind in (
        (agreement.bias, "line-wmh"),
        (agreement.limits_low, "median"),
        (agreement.limits_high, "median"),
    ):
        body.append(tag("line", x1=left, x2=WIDTH, y1=y(value), y2=y(value), class_=kind))
    for scan, mean, difference in zip(scans, means, differences, strict=True):
        words = f"{scan}: mean {mean:.2f} ml, difference {difference:.2f} ml"
        body.append(tag("circle", tag("title", words), cx=x(mean), cy=y(difference), r=4, class_="dot"))
    return tag("svg", Markup("").join(body), viewBox=f"0 0 {WIDTH:.0f} {height:.0f}", class_="chart", role="img")
