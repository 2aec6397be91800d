"""The address of PostgreSQL: TLS with a checked certificate wherever it is another machine."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from postgresql import Server, programs, serving
from sqlalchemy import text

from neurolupus.errors import StoreError
from neurolupus.store.address import parse_address
from neurolupus.store.engine import open_store
from neurolupus.store.trail import now


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://clinic@localhost/c",
        "postgresql+pg8000://clinic@127.0.0.1/c",
        "postgresql://clinic@[::1]/c",
        "postgresql://clinic@/c?unix_sock=/run/postgresql/.s.PGSQL.5432",
        "postgresql://clinic@db.example/c?sslmode=disable",
    ],
)
def test_on_this_machine_or_where_it_is_switched_off_nothing_is_encrypted(address: str):
    url, options = parse_address(address)
    assert (url.drivername, options) == ("postgresql+pg8000", {"ssl_context": False})
    assert "sslmode" not in url.query


@pytest.mark.parametrize(
    "address", ["postgresql://clinic@db.example/c", "postgresql://clinic@127.0.0.1/c?sslmode=verify-full"]
)
def test_to_another_machine_the_certificate_and_the_name_are_checked(address: str):
    context = parse_address(address)[1]["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def certificate(name: str) -> tuple[str, str]:
    """A certificate for an address and its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return signed, key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server that takes encrypted connections alone, and the file of its certificate."""
    pytest.importorskip("pg8000", reason="needs the extra postgresql")
    if programs() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    pair = certificate("127.0.0.1")
    path = tmp_path_factory.mktemp("tls") / "root.crt"
    path.write_text(pair[0])
    with serving(tls=pair) as server:
        yield server, path


@pytest.mark.slow
def test_a_checked_server_is_spoken_to_in_secret(encrypted: tuple[Server, Path], tmp_path: Path):
    server, root = encrypted
    store = open_store(tmp_path, f"{server.lend()}?sslmode=verify-full&sslrootcert={root}", make=True)
    with store.read() as connection:
        assert connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) is True
    store.close()


@pytest.mark.slow
def test_a_server_nobody_vouches_for_or_of_another_name_is_not_spoken_to(
    encrypted: tuple[Server, Path], tmp_path: Path
):
    server, _ = encrypted
    other = tmp_path / "other.crt"
    other.write_text(certificate("127.0.0.2")[0])
    for query in ("sslmode=verify-full", f"sslmode=verify-full&sslrootcert={other}"):
        with pytest.raises(StoreError, match="could not be opened"):
            open_store(tmp_path / "store", f"{server.lend()}?{query}", make=True)


@pytest.mark.slow
def test_switched_off_it_is_off_though_the_server_would_encrypt(encrypted: tuple[Server, Path], tmp_path: Path):
    server, _ = encrypted
    with pytest.raises(StoreError, match="could not be opened"):  # this server takes no plain connections
        open_store(tmp_path, f"{server.lend()}?sslmode=disable", make=True)
