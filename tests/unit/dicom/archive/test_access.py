"""Who asks: secrets come from files and the environment, and are shown nowhere."""

from pathlib import Path

import pytest

from neurolupus.dicom.archive.access import PASSWORD, TOKEN, USER, read_access
from neurolupus.errors import UsageError


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("from-file\n")
    return path


def test_the_environment_says_who_asks():
    access = read_access(environment={USER: "clinic", PASSWORD: "word"})
    assert (access.user, access.password, access.token) == ("clinic", "word", "")


def test_a_file_goes_before_the_environment(secret: Path):
    assert read_access(user="me", password_file=secret, environment={PASSWORD: "word"}).password == "from-file"
    assert read_access(token_file=secret, environment={TOKEN: "other", PASSWORD: "x"}).token == "from-file"


def test_a_user_given_goes_before_a_token_of_the_environment(secret: Path):
    access = read_access(user="me", password_file=secret, environment={TOKEN: "other"})
    assert (access.user, access.token) == ("me", "")


def test_nobody_may_ask():
    access = read_access(environment={})
    assert (access.user, access.password, access.token) == ("", "", "")


def test_secrets_are_not_shown(secret: Path):
    access = read_access(user="me", password_file=secret, environment={})
    assert "from-file" not in repr(access)
    assert "from-file" not in repr(read_access(token_file=secret, environment={}))


@pytest.mark.parametrize("environment", [{USER: "clinic"}, {PASSWORD: "word"}])
def test_half_a_name_is_refused(environment: dict[str, str]):
    with pytest.raises(UsageError, match="lacks a"):
        read_access(environment=environment)


def test_a_token_and_a_password_are_refused(secret: Path):
    with pytest.raises(UsageError, match="Leave one out"):
        read_access(user="me", password_file=secret, token_file=secret, environment={})


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe", b"x" * 20_000])
def test_a_file_must_hold_one_line(content: bytes, tmp_path: Path):
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="one line") as caught:
        read_access(token_file=path, environment={})
    assert "one\n" not in str(caught.value)


def test_a_certificate_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"no\.pem is no file"):
        read_access(environment={}, ca_file=tmp_path / "no.pem")
