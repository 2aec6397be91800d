"""Label lists as BIDS Apps write them: `--participant-label 01 02 03`."""

import re
from collections.abc import Sequence

LABEL_OPTIONS = frozenset({"--participant-label", "--session-label"})
FLAGS = frozenset(
    {
        *("--json", "--no-flair", "--allow-mixed-versions", "--skull-stripped", "--whole-head"),
        *("--skip-bids-validation", "--notrack", "--anat-only", "--stop-on-first-crash", "--verbose", "-v", "-vv"),
        *("--no-wait", "--overwrite", "--insecure", "--probability"),
    }
)
_LABEL = re.compile(r"(sub-|ses-)?[A-Za-z0-9]+")


def spread_labels(arguments: Sequence[str], positionals: int = 2) -> list[str]:
    """The arguments with each further label given its option again; option names with underscores get hyphens.

    A word after the first label is one more label only once all positional arguments have been seen; before that, it
    may be the data set itself.

    Examples
    --------
    >>> spread_labels(["bids", "out", "--participant_label", "01", "sub-02", "--nprocs", "2"])
    ['bids', 'out', '--participant-label', '01', '--participant-label', 'sub-02', '--nprocs', '2']
    >>> spread_labels(["--participant-label", "01", "bids", "out"])
    ['--participant-label', '01', 'bids', 'out']
    """
    spread: list[str] = []
    seen, option, wants_value = 0, "", False
    for word in arguments:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            name = name.replace("_", "-") if name.startswith("--") else name
            option = name if name in LABEL_OPTIONS else ""
            wants_value = not equals and name not in FLAGS
            spread.append(name + equals + value)
        elif wants_value:
            wants_value = False
            spread.append(word)
        elif option and seen >= positionals and _LABEL.fullmatch(word):
            spread += [option, word]
        else:
            option = ""
            seen += 1
            spread.append(word)
    return spread


def bare_labels(labels: Sequence[str], prefix: str) -> tuple[str, ...]:
    """Labels without their prefix; lists with commas or spaces are taken apart.

    Examples
    --------
    >>> bare_labels(["sub-01", "02,03", "04 05"], "sub-")
    ('01', '02', '03', '04', '05')
    """
    words = [word for label in labels for word in re.split(r"[,\s]+", label) if word]
    return tuple(dict.fromkeys(word.removeprefix(prefix) for word in words))
