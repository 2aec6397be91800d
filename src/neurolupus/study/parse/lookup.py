"""Looks up the names of a study and keeps a fault, with the nearest known name, for each that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from neurolupus.records.document import Place
from neurolupus.records.words import listed, suggestion
from neurolupus.study.parse.names import level_names
from neurolupus.study.parse.reader import Reader, told
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.fields import Field

TERM_KINDS = ("continuous", "binary", "nominal", "ordinal")


class Lookup:
    """The names of one study."""

    def __init__(self, study: StudyFile, reader: Reader) -> None:
        self.study, self.reader = study, reader
        self.fields = study.fields

    def fault(self, place: Place, what: str) -> None:
        """Keep a fault about a place."""
        self.reader.fault(place, f"{told(place)}{what}")

    def known(self, name: str, names: Iterable[str], what: str, place: Place) -> bool:
        """Whether a name is one of some; else a fault `NAME is no WHAT`."""
        several = tuple(names)
        if name in several:
            return True
        if name and name not in self.reader.broken:
            self.fault(place, f": {name!r} is no {what}{suggestion(name, several)}")
        return False

    def field(self, name: str, place: Place, kinds: Iterable[str] = TERM_KINDS) -> Field | None:
        """The field of a name; a fault when there is none or it is of another kind."""
        if ":" in name or "*" in name:
            self.fault(
                place, f": {name!r} is a product of terms, which is not supported; use subgroups: for interactions"
            )
            return None
        if not self.known(name, self.fields, "variable, derived variable, label or group", place):
            return None
        found = self.fields[name]
        allowed = tuple(kinds)
        if found.kind not in allowed:
            hint = "; use its labels, such as " + self._some_labels(name) if found.kind == "multilabel" else ""
            self.fault(place, f": {name!r} is {found.kind}; {listed(allowed)} is needed{hint}")
            return None
        return found

    def terms(self, names: Iterable[str], place: Place) -> None:
        """Terms of a model: fields that can enter one, each once."""
        several = list(names)
        for number, name in enumerate(several):
            where = self.item(place, number)
            self.field(name, where)
            if several.index(name) != number:
                self.fault(where, f": {name!r} stands here twice")

    def rows(self, words: Iterable[str], place: Place) -> None:
        """Rows of a table: fields, `all_baseline`, `section: NAME`."""
        sections = dict.fromkeys(one.section for one in self.fields.values() if one.section)
        for number, word in enumerate(words):
            where = self.item(place, number)
            if word.startswith("section:"):
                self.known(word.partition(":")[2].strip(), sections, "section of variables", where)
            elif word != "all_baseline":
                self.field(word, where, (*TERM_KINDS, "multilabel"))

    def cohort(self, name: str, place: Place) -> None:
        """A cohort: `full`, a match or a weighting."""
        if name == "matched":
            matches = listed(self.study.match) or "nothing"
            self.fault(place, f": 'matched' is not clear, as match: has {matches}; give one of their names")
        else:
            self.known(name, self.study.cohorts, "cohort (full, or a name in match: or weights:)", place)

    def cohorts(self, names: Iterable[str], place: Place) -> None:
        """Several cohorts."""
        for number, name in enumerate(names):
            self.cohort(name, self.item(place, number))

    def group(self, name: str, place: Place, *, is_needed: bool = True) -> None:
        """A group; where there are several, one must be named."""
        if name:
            self.known(name, self.study.groups, "group", place)
        elif is_needed:
            number = len(self.study.groups)
            self.fault(place, f" names no group and groups: has {number}; name one")

    def level(self, group: str, level: str, place: Place) -> None:
        """A level of a group, merged ones too."""
        if group in self.study.groups:
            self.known(level, level_names(self.study.groups[group]), f"level of {group}", place)

    def outcome(self, name: str, place: Place, *types: str) -> bool:
        """An outcome of one of some types."""
        if not self.known(name, self.study.outcomes, "outcome", place):
            return False
        kind = self.study.outcomes[name].TYPE
        if kind not in types:
            self.fault(place, f": {name!r} is an outcome of type {kind}; {listed(types)} is needed")
            return False
        return True

    def item(self, place: Place, number: int) -> Place:
        """The place of an entry of a list; that of the list where one value stands without brackets."""
        where = (*place, number)
        return where if where in self.reader.document.lines else place

    def _some_labels(self, name: str) -> str:
        labels = [one.name for one in self.fields.values() if one.parent == name and one.origin == "label"]
        return listed(labels[:3]) or "those of its vocabulary"
