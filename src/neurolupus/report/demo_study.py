"""The demo page's section on studies: what was analysed, the main numbers, figures, where to read on."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from neurolupus.report.demo import Section
from neurolupus.report.pages import render_fragment


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study on the demo's page.

    Parameters
    ----------
    flow : str
        Numbers along the way, such as `5604 → 463 → 386`.
    highlights : tuple of (value, label)
    figures : tuple of (SVG, words)
        Pictures, and what they show.
    links : tuple of (address, words)
    """

    title: str
    flow: str
    highlights: tuple[tuple[str, str], ...]
    figures: tuple[tuple[bytes, str], ...]
    links: tuple[tuple[str, str], ...]
    warnings: int

    @property
    def pictures(self) -> tuple[tuple[str, str], ...]:
        """The figures as data addresses: as images, SVG can neither run scripts nor fetch anything."""
        return tuple(
            ("data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii"), words) for svg, words in self.figures
        )


def studies_section(cards: Sequence[StudyCard]) -> Section:
    """Two published analyses, run on made-up patients."""
    return Section(
        "Two studies, run from one file each",
        "The patients are made up so that their numbers resemble the papers'; the analysis is the papers' own.",
        render_fragment("demo_studies.html.j2", cards=cards),
        "studies",
    )
