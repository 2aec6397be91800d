"""A study file that came from outside: read, and refused where it names other files."""

from __future__ import annotations

from neurolupus.errors import StudyFileError
from neurolupus.io.yamlfile import parse_yaml
from neurolupus.study.parse import parse_study
from neurolupus.study.schema import StudyFile

LARGEST_STUDY_BYTES = 256 * 1024  # the largest of examples/ has 21 kB
SOURCE = "study.yaml"


def parse_study_text(text: str) -> StudyFile:
    """The study of a text.

    Raises
    ------
    StudyFileError
        With all its faults; or it is too large, or names files that would be read.
    """
    size = len(text.encode())
    if size > LARGEST_STUDY_BYTES:
        raise StudyFileError(
            f"The study file has {size:,} bytes; at most {LARGEST_STUDY_BYTES:,} are read.\n    Is it the table?"
        )
    study = parse_study(parse_yaml(text, SOURCE))
    named = [f"data: {{join: {{file: {study.data.join.file}}}}}"] if study.data.join is not None else []
    named += [f"validate: {{published: {study.validate.published}}}"] if study.validate is not None else []
    if named:
        raise StudyFileError(
            f"The study file names other files: {', '.join(named)}; here it meets one table only.\n"
            "    Join the tables before, or take the patients from the store, whose rows hold their volumes;\n"
            "    or run it with neurolupus study run."
        )
    return study
