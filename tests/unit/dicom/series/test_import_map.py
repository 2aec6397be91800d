"""map.yaml: every fault with its line and the nearest known word; the first rule that fits holds."""

import pytest

from neurolupus.dicom.series.import_map import ImportMap, parse_map
from neurolupus.errors import UsageError
from neurolupus.io.yamlfile import parse_yaml
from neurolupus.workflows.import_dicom import MAP_FILE

WHOLE = """
series:
  - description: "*MPRAGE*"
    is: T1w
  - number: 7
    patient: MRN-1
    is: FLAIR
  - uid: 1.2.840.1
    is: skip
subjects:
  MRN-1: P01
  0042: P02
sessions:
  1.2.840.9: baseline
"""


def read(text: str) -> ImportMap:
    return parse_map(parse_yaml(text, "map.yaml", MAP_FILE))


def test_a_whole_map() -> None:
    found = read(WHOLE)
    assert [(rule.is_, rule.line) for rule in found.series] == [("T1w", 3), ("FLAIR", 5), ("skip", 8)]
    assert found.series[0].description == "*MPRAGE*"
    assert found.series[2].uid == "1.2.840.1"
    assert found.subjects == {"MRN-1": "P01", "0042": "P02"}  # as written: 0042 is no number
    assert found.sessions == {"1.2.840.9": "baseline"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("series: [{descripton: x, is: T1w}]", "line 1: 'descripton' is not a key of"),
        ("series: [{descripton: x, is: T1w}]", "Did you mean 'description'?"),
        ("series:\n  - number: 3\n    is: T1", "line 3: series[1].is 'T1' is unknown. Did you mean 'T1w'?"),
        ("series:\n  - number: 3", "line 2: series[1] lacks 'is'"),
        ("series:\n  - is: T1w", "line 2: the rule names no series; give description,"),
        ("series:\n  - number: three\n    is: T1w", "line 2: series[1].number is 'three'; a number is needed"),
        ("subjects:\n  MRN-1: P-01", "line 2: the label 'P-01' is not made of letters and digits only"),
        ("subjects:\n  MRN-1: P01\n  MRN-2: p01", "line 3: the label 'p01' is given twice"),
        ("subjects: [a]", "line 1: subjects is a list; a mapping such as MRN-1: P01 is needed"),
        ("subject: {a: b}", "Did you mean 'subjects'?"),
        ("- a", "a mapping of series, subjects, sessions is needed"),
        ("series: [{number: 3, is: T1w}]\nsubjects: !!python/object:os.system {a: b}", "is not allowed"),
    ],
)
def test_faults_have_lines_and_the_nearest_word(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(text)
    assert words in str(raised.value)
    assert "map.yaml has" in str(raised.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"map\.yaml has 3 faults"):
        read("series:\n  - number: 3\n    is: T1\n  - is: FLAIR\nsubjects:\n  a: b-c\n")
