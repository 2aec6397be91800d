"""An answer of `neurolupus ask` as text for a reader: statements, strengths and citations; nothing read as markup."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from neurolupus.cli.console import answer

STRENGTHS = {
    "recommended": ("●●●", "green"),
    "should": ("●●●", "green"),
    "consider": ("●●○", "cyan"),
    "may": ("●○○", "yellow"),
    "option_observational": ("●○○", "yellow"),
    "note": ("○○○", "dim"),
}
SAID = {"option_observational": "observed"}
MOST_SET_ASIDE = 8
AT_THE_END = frozenset({"NOT_ADVICE"})  # every other note is told before the first statement


def show_answer(data: Mapping[str, Any]) -> None:
    """Print an answer to stdout."""
    console = answer()
    _heading(console, data)
    first = [one for one in data["notes"] if one["code"] not in AT_THE_END]
    for one in first:
        _line(console, f"! {one['text']} ({', '.join(one['cites'])})", "bold yellow")
    if data["kind"] == "nothing":
        _nothing(console, data)
    elif data["kind"] == "guide":
        _guide(console, data)
    else:
        for one in data["found"]:
            _statement(console, one)
        if data["left_out"]:
            _line(console, f"{data['left_out']} more match less well; see them with --all.", "dim")
    _set_aside(console, data["set_aside"])
    _notes(console, "Wherever advice cites these statements, it also says", data["must_show"])
    _notes(console, "Read with this", [one for one in data["notes"] if one not in first])
    _sources(console, data["sources"])
    knowledge = data["knowledge"]
    _line(console, "")
    _line(console, f"Knowledge {knowledge['hash'][:12]}, {knowledge['review_status']}.", "dim")


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False) if text else "")


def _heading(console: Console, data: Mapping[str, Any]) -> None:
    read = data["read_as"]
    if read["terms"]:
        _line(console, f"Looked for: {', '.join(read['terms'])}", "dim")
    if read["ruled_out"]:
        _line(console, f"Ruled out by the question: {', '.join(read['ruled_out'])}", "dim")
    if read["kept_from_before"]:
        _line(console, f"Kept from the questions before: {', '.join(read['kept_from_before'])}", "dim")
    if read["not_in_the_sources"]:
        _line(console, f"No statement speaks of: {', '.join(read['not_in_the_sources'])}", "yellow")
    if read["did_you_mean"]:
        _line(console, f"Did you mean: {', '.join(read['did_you_mean'])}?", "yellow")


def _nothing(console: Console, data: Mapping[str, Any]) -> None:
    _line(console, "")
    _line(console, "The sources say nothing on this; nothing is made up.", "bold")
    _line(console, "The nearest headings:")
    for heading in data["nearest_headings"]:
        _line(console, heading, indent=2)


def _guide(console: Console, data: Mapping[str, Any]) -> None:
    for section in data["sections"]:
        _line(console, "")
        _line(console, section["heading"], "bold underline")
        for one in section["statements"]:
            _statement(console, one)


def _statement(console: Console, one: Mapping[str, Any]) -> None:
    bars, colour = STRENGTHS[one["strength"]]
    strength = SAID.get(one["strength"], one["strength"])
    console.print(Text.assemble((bars, colour), f" {one['text']}"))
    if one["figures"]:
        _line(console, f"As printed: {'; '.join(one['figures'])}", indent=4)
    primary = "primary source unresolved" if one["primary"] == "unresolved" else one["primary"]
    place = f"{strength} · {one['id']} · {one['source']}, {one['locator']} · {primary}"
    _line(console, place, "dim", indent=4)
    if one["caution"]:
        _line(console, f"Caution: {one['caution']}", "yellow", indent=4)


def _set_aside(console: Console, aside: Sequence[Mapping[str, Any]]) -> None:
    if not aside:
        return
    _line(console, "")
    _line(console, "Set aside, as the question rules out what they speak of:", "bold")
    for one in aside[:MOST_SET_ASIDE]:
        _line(console, f"{one['id']}, {', '.join(one['ruled_out'])}: {one['text']}", "dim", indent=2)
    if len(aside) > MOST_SET_ASIDE:
        _line(console, f"and {len(aside) - MOST_SET_ASIDE} more", "dim", indent=2)


def _notes(console: Console, heading: str, notes: Sequence[Mapping[str, Any]]) -> None:
    if not notes:
        return
    _line(console, "")
    _line(console, f"{heading}:", "bold")
    for one in notes:
        _line(console, f"{one['text']} ({', '.join(one['cites'])})", indent=2)


def _sources(console: Console, sources: Mapping[str, Mapping[str, Any]]) -> None:
    if not sources:
        return
    _line(console, "")
    _line(console, "Sources:", "bold")
    for name, one in sources.items():
        _line(console, f"{name}: {one['title']} ({one['edition']}). {one['address']}", indent=2)
        _line(console, f"Review status: {one['review_status']}. Last updated {one['last_updated']}.", "dim", indent=4)
        _line(console, f"Editorial policy: {one['editorial_policy']}", "dim", indent=4)
        _line(console, f"Disclaimer: {one['disclaimer']}", "dim", indent=4)
