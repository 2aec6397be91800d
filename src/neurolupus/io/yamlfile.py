"""YAML files of study and published numbers: plain values only, every one with its line; nothing is ever executed.

Differences from YAML 1.1, which surprises people who write data: only `true` and `false` are booleans (`yes`, `no`,
`on` are text), numbers are decimal (`010` is text, `1:30` is text), dates stay text, keys are text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from neurolupus.errors import StudyFileError
from neurolupus.records.document import Document, LineFault, Place, study_file_error

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


def read_yaml(path: Path) -> Document:
    """The values of a YAML file with their lines.

    Raises
    ------
    StudyFileError
        The file is absent, too large, no text, no YAML, or holds a key twice; all faults that can be told together are.
    """
    if not path.is_file():
        raise StudyFileError(f"{path} does not exist or is no file; a study file is needed.\n    Check the path.")
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise StudyFileError(
            f"{path} has {size:,} bytes; a study file has at most {LARGEST_FILE_BYTES:,}.\n"
            "    Check that it is the study file and not the table."
        )
    return parse_yaml(_decoded(path.read_bytes(), path.name), path.name)


def parse_yaml(text: str, source: str) -> Document:
    """The values of YAML text with their lines; `source` names it in errors.

    Raises
    ------
    StudyFileError
        As `read_yaml`.

    Examples
    --------
    >>> parse_yaml("on: [yes, 0.50]", "x.yaml").data
    {'on': ['yes', 0.5]}
    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)  # values are built by _Builder; no constructor ever runs
    except RecursionError as error:
        raise study_file_error(
            source, [LineFault(1, "brackets are nested too deeply; that is no study file")]
        ) from error
    except yaml.MarkedYAMLError as error:
        raise study_file_error(source, [_syntax_fault(error, text)]) from error
    except yaml.YAMLError as error:
        raise study_file_error(
            source, [LineFault(1, f"the text is not readable: {' '.join(str(error).split())}")]
        ) from error
    if node is None:
        raise StudyFileError(
            f"{source} is empty; a study file is needed.\n    Begin with study: {{id: ..., title: ...}}"
        )
    builder = _Builder()
    data = builder.build(node, (), frozenset())
    if builder.faults:
        raise study_file_error(source, builder.faults)
    return Document(source, data, builder.lines, builder.texts)


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


def _decoded(raw: bytes, source: str) -> str:
    """UTF-8 with or without a mark, or UTF-16 with one, as text."""
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fault = LineFault(line, f"a byte is no {encoding.removesuffix('-sig').upper()} text; save the file as UTF-8")
        raise study_file_error(source, [fault]) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise study_file_error(source, [LineFault(line, "the file is no plain text; save it as UTF-8 text")])
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
        return LineFault(line, "a second document begins (---); one study per file is needed")
    return LineFault(
        line, f"{problem}; check that brackets and quotes close, that : is followed by a space, and the indentation"
    )
