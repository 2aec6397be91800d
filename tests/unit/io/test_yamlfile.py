"""Study files are read as plain values with lines; what YAML allows beyond that is refused."""

from pathlib import Path

import pytest

from neurolupus.errors import StudyFileError
from neurolupus.io.yamlfile import LARGEST_FILE_BYTES, MOST_VALUES, parse_yaml, read_yaml


def test_every_value_has_its_line_and_its_text() -> None:
    document = parse_yaml("a: 1\nb:\n  - 0.50\n  - c: yes\n", "x.yaml")
    assert document.data == {"a": 1, "b": [0.5, {"c": "yes"}]}
    assert [document.line_of(place) for place in (("a",), ("b", 0), ("b", 1, "c"), ("b", 7))] == [1, 3, 4, 2]
    assert document.text_of(("b", 0), 0.5) == "0.50"


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("on", "on"), ("true", True), ("010", "010"), ("1:30", "1:30"), ("2021-06-30", "2021-06-30"),
     ("1e3", 1000.0), ("~", None), ("'1'", "1"), (".5", 0.5), ("NA", "NA"), ("0", 0), ("1_000", "1_000")],
)  # fmt: skip
def test_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert parse_yaml(f"key: {text}", "x.yaml").data["key"] == value


def test_keys_are_text() -> None:
    assert parse_yaml("on: {0: Control, true: x}", "x.yaml").data == {"on": {"0": "Control", "true": "x"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: 'a' stands here twice (first in line 1)"),
        ("a:\n\t- b", "line 2: a tab"),
        ("a: {b: 1", "line 1: expected ',' or '}'"),
        ("a: 1\n---\nb: 2", "a second document begins"),
        ("a: !!python/object/apply:os.system [ls]", "is not allowed; plain values"),
        ("a: &x [*x]", "aliases"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("? [1, 2]\n: 3", "where a name is needed"),
        ("a: &x {b: 1}\nc: {<<: *x}", "merging with <<"),
        ("", "is empty"),
        ("a: \x07", "not readable"),
    ],
)
def test_faults_are_told_with_their_line(text: str, told: str) -> None:
    with pytest.raises(StudyFileError) as error:
        parse_yaml(text, "x.yaml")
    assert told in str(error.value)
    assert error.value.exit_code == 10


def test_all_repeated_keys_are_told_together() -> None:
    with pytest.raises(StudyFileError, match="2 faults") as error:
        parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}", "x.yaml")
    assert str(error.value).count("stands here twice") == 2


@pytest.mark.slow
def test_aliases_cannot_stand_for_a_billion_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert MOST_VALUES < 9**9
    with pytest.raises(StudyFileError, match="aliases"):
        parse_yaml("\n".join(lines), "x.yaml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_and_utf16_are_understood(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes("title: Müller\n".encode(encoding))
    assert read_yaml(path).data == {"title": "Müller"}


def test_other_bytes_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(b"a: 1\ntitle: M\xfcller\n")
    with pytest.raises(StudyFileError, match="line 2: a byte is no UTF-8 text"):
        read_yaml(path)
    path.write_bytes(b"a: 1\nb: \0\n")
    with pytest.raises(StudyFileError, match="line 2: the file is no plain text"):
        read_yaml(path)


def test_a_file_that_is_absent_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="does not exist"):
        read_yaml(tmp_path / "none.yaml")
    path = tmp_path / "study.yaml"
    path.write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    with pytest.raises(StudyFileError, match="and not the table"):
        read_yaml(path)
