"""Who may ask: JSON web tokens of clients whose keys are configured; ES384 and RS384, as CDS Hooks 2.0 recommends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from jwt import PyJWK

_ALGORITHM: Mapping[str, str] = {"EC": "ES384", "RSA": "RS384"}
LONGEST_SECONDS = 3600
LARGEST_CLIENTS_BYTES = 1 << 20


class TokenRefused(Exception):  # noqa: N818
    """A token that does not prove who asks; the message says why, without the token."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The keys of each issuer, by key id."""

    keys: Mapping[str, Mapping[str, PyJWK]]

    def check(self, authorization: str | None, audience: str) -> str:
        """The issuer of a token that is in order.

        Raises
        ------
        TokenRefused
            It is absent, unsigned, of an unknown issuer, expired, or for another service.
        """
        import jwt

        if not authorization or not authorization.startswith("Bearer "):
            raise TokenRefused("a bearer token is needed")
        token = authorization.removeprefix("Bearer ").strip()
        try:
            head = jwt.get_unverified_header(token)
            claimed = str(jwt.decode(token, options={"verify_signature": False}).get("iss", ""))
            key = self.keys.get(claimed, {}).get(str(head.get("kid")))
            if key is None:
                raise TokenRefused("the issuer or its key is not configured")
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[_ALGORITHM[str(key.key_type)]],
                audience=audience,
                issuer=claimed,
                options={"require": ["exp", "iat", "aud", "iss", "jti"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(type(error).__name__) from None
        if claims["exp"] - claims["iat"] > LONGEST_SECONDS:
            raise TokenRefused(f"a token lives at most {LONGEST_SECONDS} seconds")
        return claimed


def read_clients(path: Path) -> Clients:
    """The clients of a JSON file: `{"clients": [{"iss": ..., "jwks": {"keys": [...]}}]}`.

    Raises
    ------
    UsageError
        The file is absent, too large, or has another form.
    """
    import jwt

    if not path.is_file() or path.stat().st_size > LARGEST_CLIENTS_BYTES:
        raise UsageError(f"{path} is no file of clients.\n    Give JSON: clients, each with iss and jwks.")
    try:
        data = json.loads(path.read_text("utf-8"))
        keys = {
            str(one["iss"]): {str(key["kid"]): _public(key) for key in one["jwks"]["keys"]} for one in data["clients"]
        }
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise UsageError(
            f"{path} has another form ({type(error).__name__}: {error}).\n"
            "    Give clients, each with iss and jwks: public keys with kid, EC of P-384 or RSA."
        ) from None
    if not keys:
        raise UsageError(f"{path} names no client; at least one is needed.")
    return Clients(keys)


def _public(key: Mapping[str, Any]) -> PyJWK:
    """A key that signatures of ours can be checked by; a secret has no place in the file."""
    import jwt

    if key["kty"] not in _ALGORITHM or (key["kty"] == "EC" and key["crv"] != "P-384"):
        raise ValueError("a key is neither EC of P-384 nor RSA")
    if "d" in key or "k" in key:
        raise ValueError("a key is private; the public one is needed")
    return jwt.PyJWK({**key, "alg": _ALGORITHM[key["kty"]]})
