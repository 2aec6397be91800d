"""One-time passwords against the vectors of RFC 4226 and RFC 6238."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from neurolupus.store.totp import code_at, is_secret, matching_step, new_secret, step_of

SEED = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("second", "code"),  # RFC 6238, appendix B, SHA1
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_codes_of_rfc_6238(second: int, code: str):
    assert code_at(SEED, second // 30, digits=8) == code
    assert step_of(datetime.fromtimestamp(second, UTC)) == second // 30


def test_codes_of_rfc_4226_appendix_d():
    told = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [code_at(SEED, count) for count in range(10)] == told


def test_a_code_holds_one_step_to_either_side_and_never_twice():
    moment = datetime.fromtimestamp(3000, UTC)  # step 100
    fits = [step for step in range(95, 106) if matching_step(SEED, code_at(SEED, step), moment, after=0) == step]
    assert fits == [99, 100, 101]
    assert matching_step(SEED, code_at(SEED, 100), moment, after=100) is None
    assert matching_step(SEED, code_at(SEED, 99), moment, after=100) is None
    assert matching_step(SEED, code_at(SEED, 101), moment, after=100) == 101
    assert matching_step(SEED, f" {code_at(SEED, 100)[:3]} {code_at(SEED, 100)[3:]}", moment, after=0) == 100


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "0" * 64])
def test_what_is_no_code_fits_nothing(code: str):
    assert matching_step(SEED, code, datetime.fromtimestamp(3000, UTC), after=0) is None


def test_secrets_have_160_bits_and_are_never_alike():
    found = {new_secret() for _ in range(50)}
    assert len(found) == 50
    assert all(map(is_secret, found))
    assert not any(map(is_secret, ("", "ABCD", "not base 32!", SEED.lower())))
