"""Who may ask beyond loopback: tokens of configured clients, https://cds-hooks.hl7.org/2.0/#trusting-cds-clients"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")
pytest.importorskip("cryptography", reason="needs the extra web")

import jwt
from cds_calls import BASE, REQUEST, VIEW, call
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from neurolupus.errors import UsageError
from neurolupus.web.cdshooks import CdsSettings
from neurolupus.web.tokens import Clients, read_clients

ISSUER = "https://ehr.example"
EC_KEY = ec.generate_private_key(ec.SECP384R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def public(key: Any, kid: str) -> dict[str, Any]:
    kind = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid}


def written(folder: Path, *keys: dict[str, Any], iss: str = ISSUER) -> Path:
    path = folder / "clients.json"
    path.write_text(json.dumps({"clients": [{"iss": iss, "jwks": {"keys": list(keys)}}]}), "utf-8")
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> CdsSettings:
    path = written(tmp_path_factory.mktemp("clients"), public(EC_KEY, "ec"), public(RSA_KEY, "rsa"))
    return CdsSettings(read_clients(path))


def bearer(key: Any = EC_KEY, alg: str = "ES384", kid: str = "ec", **changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": BASE + VIEW, "iat": now, "exp": now + 300, "jti": "1"} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"authorization": f"Bearer {jwt.encode(kept, key, algorithm=alg, headers={'kid': kid})}"}


def status(settings: CdsSettings, headers: dict[str, str]) -> int:
    return call("POST", VIEW, settings, json=REQUEST, headers=headers).status_code


@pytest.mark.parametrize("signed", [(EC_KEY, "ES384", "ec"), (RSA_KEY, "RS384", "rsa")], ids=["ES384", "RS384"])
def test_a_token_in_order_is_taken(settings: CdsSettings, signed: tuple[Any, str, str]):
    assert status(settings, bearer(*signed)) == 200
    assert status(settings, bearer(*signed, aud=[BASE + VIEW])) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other"},
        {"aud": "http://x"},
        {"aud": BASE + "/cds-services"},
        {"exp": 1},
        {"iat": 4_000_000_000, "exp": 4_000_000_100},
        {"exp": 4_000_000_000},
        *({name: None} for name in ("iss", "aud", "exp", "iat", "jti")),
    ],
    ids=str,
)
def test_a_token_that_proves_nothing_is_refused(settings: CdsSettings, changes: dict[str, Any]):
    assert status(settings, bearer(**changes)) == 401


def test_another_key_another_algorithm_and_none_are_refused(settings: CdsSettings):
    secret = "s" * 64
    for headers in (
        {},
        {"authorization": "Bearer x.y.z"},
        {"authorization": "Basic abc"},
        bearer(ec.generate_private_key(ec.SECP384R1())),
        bearer(kid="unknown"),
        bearer(kid="rsa"),  # an RSA key does not check an ES384 signature
        bearer(RSA_KEY, "RS384", "ec"),
        bearer(RSA_KEY, "RS256", "rsa"),
        bearer(secret, "HS384"),
        bearer(None, "none"),
    ):
        assert status(settings, headers) == 401


def test_discovery_and_feedback_need_a_token_too(settings: CdsSettings):
    assert call("GET", "/cds-services", settings).status_code == 401
    assert call("POST", VIEW + "/feedback", settings, json={"feedback": []}).status_code == 401
    headers = bearer(aud=BASE + "/cds-services")
    assert call("GET", "/cds-services", settings, headers=headers).status_code == 200


def test_a_refusal_does_not_repeat_the_token(settings: CdsSettings):
    headers = bearer(exp=1)
    answer = call("POST", VIEW, settings, json=REQUEST, headers=headers)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert headers["authorization"].split(".")[1] not in answer.text


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_clients(path)
    return str(caught.value)


def test_a_file_of_clients_holds_public_keys_that_are_strong_enough(tmp_path: Path):
    weak = ec.generate_private_key(ec.SECP256R1())
    private = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY)) | {"kid": "k"}
    assert "private" in refused(written(tmp_path, private))
    assert "P-384" in refused(written(tmp_path, public(weak, "k")))
    assert "P-384" in refused(written(tmp_path, {"kty": "oct", "k": "c2VjcmV0", "kid": "k"}))
    assert "kid" in refused(written(tmp_path, {"kty": "RSA"}))
    assert isinstance(read_clients(written(tmp_path, public(EC_KEY, "k"))), Clients)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"clients": []}', '{"clients": [{"iss": "x"}]}'])
def test_a_file_of_another_form_is_refused(text: str, tmp_path: Path):
    path = tmp_path / "clients.json"
    path.write_text(text, "utf-8")
    assert "client" in refused(path)
    assert "no file" in refused(tmp_path / "none.json")
