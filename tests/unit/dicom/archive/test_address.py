"""Where an archive is, and what is not let through."""

import pytest

from neurolupus.dicom.archive.address import DimseAddress, WebAddress, parse_address
from neurolupus.errors import UsageError


def test_a_dimse_address_names_both_titles_host_and_port():
    address = parse_address("dicom://PACS MAIN@127.0.0.1:11112?calling=LAB")
    assert address == DimseAddress("127.0.0.1", 11112, "PACS MAIN", "LAB", encrypted=False)


@pytest.mark.parametrize(("text", "port"), [("dicom://A@localhost", 104), ("dicoms://A@pacs.example.org", 2762)])
def test_the_ports_of_the_standard_are_taken_where_none_is_named(text: str, port: int):
    address = parse_address(text)
    assert isinstance(address, DimseAddress)
    assert address.port == port
    assert address.calling == "NEUROLUPUS"


def test_a_web_address_loses_its_last_slash():
    assert parse_address("https://pacs.example.org/dicom-web/") == WebAddress(
        "https://pacs.example.org/dicom-web", "pacs.example.org", encrypted=True
    )


@pytest.mark.parametrize("text", ["http://pacs.example.org/dicom-web", "dicom://A@10.0.0.7:104"])
def test_an_open_line_to_another_machine_needs_a_word(text: str):
    with pytest.raises(UsageError, match=r"unencrypted.*\n.*--insecure"):
        parse_address(text)
    assert not parse_address(text, insecure=True).encrypted


@pytest.mark.parametrize("text", ["http://127.0.0.1:8042/dicom-web", "dicom://A@localhost:4242", "http://[::1]:80/x"])
def test_loopback_may_be_open(text: str):
    assert not parse_address(text).encrypted


@pytest.mark.parametrize("text", ["https://clinic:s3cret@pacs.example.org/x", "dicom://A:s3cret@127.0.0.1:104"])
def test_a_password_in_the_address_is_refused_and_not_repeated(text: str):
    with pytest.raises(UsageError, match="--password-file") as caught:
        parse_address(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "pacs.example.org", "ftp://pacs.example.org", "https://", "https://h:99999/x", "dicom://127.0.0.1:104",
        "dicom://A@127.0.0.1:104/path", "dicom://A@127.0.0.1:104?caling=ME", "dicom://ABCDEFGHIJKLMNOPQ@127.0.0.1:104",
        "dicom://A@127.0.0.1:104?calling=A%5CB", "https://h/dicom-web?x=1", "",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(UsageError, match="--url"):
        parse_address(text)
