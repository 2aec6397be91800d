"""YAML files that people write: plain values only, every one with its line; nothing is ever executed.

Differences from YAML 1.1, which surprises people who write data: only `true` and `false` are booleans (`yes`, `no`,
`on` are text), numbers are decimal (`010` is text, `1:30` is text), dates stay text, keys are text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from neurolupus.errors import NeurolupusError, StudyFileError
from neurolupus.records.document import Document, LineFault, Place, faults_told

LARGEST_FILE_BYTES = 4 << 20
MOST_VALUES = 200_000  # after aliases are followed: nine lines of aliases can otherwise mean a billion values
DEEPEST = 50
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d{1,3})?")
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "map", "seq")
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file should be, for the words of its faults.

    Attributes
    ----------
    error : class of error
    noun : str
    begin : str
        How such a file begins.
    other : str
        What is given instead by mistake.
    largest_bytes : int
    """

    error: type[NeurolupusError]
    noun: str
    begin: str
    other: str
    largest_bytes: int = LARGEST_FILE_BYTES


STUDY_FILE = Wanted(StudyFileError, "study file", "study: {id: ..., title: ...}", "the table")


def read_yaml(path: Path, wanted: Wanted = STUDY_FILE) -> Document:
    """The values of a YAML file with their lines.

    Raises
    ------
    StudyFileError, or the error that is wanted
        The file is absent, too large, no text, no YAML, or holds a key twice; all faults that can be told together are.
    """
    return parse_yaml(read_text(path, wanted), path.name, wanted)


def read_text(path: Path, wanted: Wanted) -> str:
    """The text of a file, UTF-8 or UTF-16 with a mark.

    Raises
    ------
    StudyFileError, or the error that is wanted
        The file is absent, too large or no text.
    """
    if not path.is_file():
        raise wanted.error(f"{path} does not exist or is no file; a {wanted.noun} is needed.\n    Check the path.")
    size = path.stat().st_size
    if size > wanted.largest_bytes:
        raise wanted.error(
            f"{path} has {size:,} bytes; a {wanted.noun} has at most {wanted.largest_bytes:,}.\n"
            f"    Check that it is the {wanted.noun} and not {wanted.other}."
        )
    return _decoded(path.read_bytes(), path.name, wanted)


def parse_yaml(text: str, source: str, wanted: Wanted = STUDY_FILE) -> Document:
    """The values of YAML text with their lines; `source` names it in errors.

    Raises
    ------
    StudyFileError, or the error that is wanted
        As `read_yaml`.

    Examples
    --------
    >>> parse_yaml("on: [yes, 0.50]", "x.yaml").data
    {'on': ['yes', 0.5]}
    """
    try:  # `from None` below: the texts of PyYAML's errors quote the file, which may be a patient's
        node = yaml.compose(text, yaml.SafeLoader)  # values are built by _Builder; no constructor ever runs
    except RecursionError:
        told = f"brackets are nested too deeply; that is no {wanted.noun}"
        raise _refused(wanted, source, [LineFault(1, told)]) from None
    except yaml.MarkedYAMLError as error:
        raise _refused(wanted, source, [_syntax_fault(error, text)]) from None
    except yaml.YAMLError as error:
        told = f"the text is not readable: {' '.join(str(error).split())}"
        raise _refused(wanted, source, [LineFault(1, told)]) from None
    if node is None:
        raise wanted.error(f"{source} is empty; a {wanted.noun} is needed.\n    Begin with {wanted.begin}")
    builder = _Builder()
    data = builder.build(node, (), frozenset())
    if builder.faults:
        raise _refused(wanted, source, builder.faults)
    return Document(source, data, builder.lines, builder.texts)


def _refused(wanted: Wanted, source: str, faults: list[LineFault]) -> NeurolupusError:
    return wanted.error(faults_told(source, faults))


class _Builder:
    """Nodes -> plain values, lines and texts."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.texts: dict[Place, str] = {}
        self.faults: list[LineFault] = []
        self.count = 0

    def build(self, node: yaml.Node, place: Place, above: frozenset[int]) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        self.count += 1
        if self.count > MOST_VALUES or len(place) > DEEPEST or id(node) in above:
            if not any("aliases" in fault.what for fault in self.faults):
                self.faults.append(LineFault(line, "aliases (*) stand for too much; write the values out"))
            return None
        if node.tag not in _PLAIN_TAGS:
            self.faults.append(LineFault(line, f"the tag {node.tag!r} is not allowed; plain values are needed"))
            return None
        inside = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, place, inside))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, number), inside) for number, item in enumerate(node.value)]
        return self._scalar(node, place)

    def _entries(self, node: yaml.MappingNode, place: Place, inside: frozenset[int]) -> Iterator[tuple[str, Any]]:
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(LineFault(line, "a list or mapping stands where a name is needed"))
                continue
            key = str(key_node.value)
            if key == "<<":
                self.faults.append(LineFault(line, "merging with << is not supported; write the values out"))
                continue
            if key in first_lines:
                self.faults.append(
                    LineFault(line, f"{key!r} stands here twice (first in line {first_lines[key]}); keep one of them")
                )
                continue
            first_lines[key] = line
            self.lines[(*place, key)] = line
            yield key, self.build(value_node, (*place, key), inside)

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> str | int | float | bool | None:
        text = str(node.value)
        self.texts[place] = text
        if node.style is not None:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def _decoded(raw: bytes, source: str, wanted: Wanted) -> str:
    """UTF-8 with or without a mark, or UTF-16 with one, as text."""
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fault = LineFault(line, f"a byte is no {encoding.removesuffix('-sig').upper()} text; save the file as UTF-8")
        raise _refused(wanted, source, [fault]) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise _refused(wanted, source, [LineFault(line, "the file is no plain text; save it as UTF-8 text")])
    return text


def _syntax_fault(error: yaml.MarkedYAMLError, text: str) -> LineFault:
    """Where the text stops being YAML, with the commonest cause named."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    seen = lines[line - 1] if 0 < line <= len(lines) else ""
    problem = (error.problem or "the text is no YAML").replace("\n", " ")
    if "\t" in seen[: len(seen) - len(seen.lstrip())] or "'\\t'" in problem:
        return LineFault(line, "a tab stands at the beginning of the line; indent with spaces")
    if "expected a single document" in str(error):
        return LineFault(line, "a second document begins (---); one per file is needed")
    return LineFault(
        line, f"{problem}; check that brackets and quotes close, that : is followed by a space, and the indentation"
    )
