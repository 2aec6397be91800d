"""The reader of study files: conditions, sums and shares are written as text; entries keep their line and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from neurolupus.records import reader
from neurolupus.records.document import Place
from neurolupus.records.reader import Special, Unreadable, shown, told
from neurolupus.study.grammar import Condition, parse_condition
from neurolupus.study.grammar.sums import GrammarError, LinearSum, Share, parse_share, parse_sum

__all__ = ["Reader", "Special", "Unreadable", "keys_of", "shown", "told"]

_AUTOMATIC = ("line", "name")


class Reader(reader.Reader):
    """Reads one study file; what types cannot say (a list of levels that may also be a mapping ...) is in `special`."""

    WRITTEN: ClassVar[Mapping[Any, Callable[[str], Any]]] = {
        Condition: parse_condition,
        LinearSum: parse_sum,
        Share: parse_share,
    }
    WRITTEN_FAULT = GrammarError
    OTHERWISE: ClassVar[Mapping[str, str]] = {"bh": "benjamini_hochberg", "fdr": "benjamini_hochberg"}
    AUTOMATIC = _AUTOMATIC
    OWNER = "a study file"

    def text(self, text: str, place: Place) -> str:
        """A text; `...` is a name left out."""
        if text == "...":
            raise self.refuse(place, " is '...'; write the names out, or use all_baseline or section: NAME")
        return text


def keys_of(kind: Any) -> dict[str, str]:
    """Key in the file -> name of the field, of one dataclass of the schema."""
    return reader.keys_of(kind, _AUTOMATIC)
