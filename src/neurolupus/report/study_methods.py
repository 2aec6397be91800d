"""The methods paragraph of a study: its sentences, and the papers in the order they are cited."""

from collections.abc import Sequence

from neurolupus.report.methods import Methods, MethodsSentence
from neurolupus.report.study_citations import STUDY_CITATIONS
from neurolupus.study.results import MethodsPart


def study_methods(parts: Sequence[MethodsPart]) -> Methods:
    """The paragraph to copy into a paper, citations as numbers into its references.

    Raises
    ------
    KeyError
        A part cites a paper that `study_citations` does not hold.
    """
    order: dict[str, int] = {}
    for part in parts:
        for key in part.citations:
            order.setdefault(key, len(order) + 1)
    sentences = tuple(MethodsSentence(part.text, tuple(order[key] for key in part.citations)) for part in parts)
    return Methods(sentences, tuple(STUDY_CITATIONS[key] for key in order))
