"""A second look, at the bytes that were written, for anything that told who somebody is.

It knows nothing of the allow-list: it gathers what identifies from the original and looks for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue

from neurolupus.dicom.private.values import is_registered
from neurolupus.dicom.private.vocabulary import is_common

_TEXT = ("LO", "SH", "LT", "ST", "UT", "UC", "AE", "UR")
_DATES = ("DA", "DT")
_OWN = ("DeidentificationMethod", "CodeMeaning")  # in our words, of which any may be somebody's name
SHORTEST = 3
SHORTEST_NUMBER = 4  # a shorter one stands in every file by chance
LONG_NUMBER = 8
LONG_IN_PIXELS = 8  # eight bytes do not come about by chance: 2**-64 for each of a million places


@dataclass(frozen=True, slots=True)
class Telltale:
    """A text of the original that must not be found.

    Attributes
    ----------
    text : str
        In small letters.
    keyword : str
        Of the attribute it came from; errors name this and never the text.
    """

    text: str
    keyword: str


def telltales(original: Dataset, made: Dataset) -> tuple[Telltale, ...]:
    """Names, numbers, dates, UIDs and free texts of the original; what was written on purpose is none.

    Parameters
    ----------
    original, made : Dataset
        Before and after. A moved date that happens to be some other date of the original is no telltale.
    """
    written = {
        text for element in _elements(made) if element.VR in (*_DATES, *_TEXT, "PN") for text in _values(element)
    }
    own = {
        word
        for element in _elements(made)
        if element.keyword in _OWN
        for text in _values(element)
        for word in text.split()
    }
    found = {
        text: keyword
        for element in _elements(original)
        for text, keyword in _told_by(element)
        if text not in written and text not in own and not is_common(text)
    }
    return tuple(Telltale(text, keyword) for text, keyword in sorted(found.items()))


def found_in(telltales: tuple[Telltale, ...], content: bytes, pixels: bytes, made: Dataset) -> tuple[str, ...]:
    """Keywords of the attributes whose text still stands in the bytes of a file.

    Parameters
    ----------
    content : bytes
        The file without its pixels, searched for whole words.
    pixels : bytes
        Searched for long texts.
    made : Dataset
        The file as it is read back: numbers of four to seven digits are looked for in its texts only, since they
        stand in coordinates and UIDs by chance.
    """
    text = content.lower().decode("latin-1")
    picture = pixels.lower()
    written = [one for element in _elements(made) if element.VR in (*_TEXT, "PN", "CS") for one in _values(element)]

    def is_there(one: Telltale) -> bool:
        if len(one.text) >= LONG_IN_PIXELS and any(form in picture for form in _forms(one.text)):
            return True
        if one.text.isdigit() and len(one.text) < LONG_NUMBER:
            return any(_is_word(one.text, other) for other in written)
        return any(_is_word(form.decode("latin-1"), text) for form in _forms(one.text))

    return tuple(dict.fromkeys(one.keyword for one in telltales if is_there(one)))


def _told_by(element: DataElement) -> Iterator[tuple[str, str]]:
    """The texts of one element that identify, each with the attribute's name."""
    name = element.keyword or f"private attribute ({element.tag.group:04x},{element.tag.element:04x})"
    if element.VR == "PN":
        for text in _values(element):
            yield from ((part, name) for part in (text, *re.split(r"[\^=\s,.]+", text)) if _is_telling(part))
    elif element.VR == "UI":
        yield from ((text, name) for text in _values(element) if len(text) > 8 and not is_registered(text))
    elif element.VR in _DATES:
        yield from ((text[:8], name) for text in _values(element) if text[:8].isdigit() and len(text) >= 8)
    elif element.VR in _TEXT and not element.tag.is_private:
        yield from ((text, name) for text in _values(element) if _is_telling(text))


def _is_telling(text: str) -> bool:
    return len(text) >= (SHORTEST_NUMBER if text.isdigit() else SHORTEST)


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    """Every element that can be read, those of sequences too."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    yield from _elements(item)
            elif keyword_for_tag(tag) != "PixelData":
                yield element
        except (ValueError, TypeError, AttributeError, NotImplementedError, LookupError):
            continue


def _values(element: DataElement) -> list[str]:
    if element.is_empty:
        return []
    several = element.value if isinstance(element.value, MultiValue) else [element.value]
    return [str(one).strip(" \0\r\n").lower() for one in several]


def _forms(text: str) -> tuple[bytes, ...]:
    """A text as the bytes it may stand in a file as."""
    return tuple({text.encode(code, "ignore") for code in ("utf-8", "latin-1")} - {b""})


def _is_word(text: str, inside: str) -> bool:
    return text in inside and re.search(rf"(?<![a-z0-9]){re.escape(text)}(?![a-z0-9])", inside) is not None
