"""A small OpenID Connect provider on loopback, with a key of its own; it can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(65537, 2048)
CLIENT, SECRET = "neurolupus", "s3cret+/ of the client"


@dataclass
class FakeProvider:
    """What it says of the user who comes, and how it was asked."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = KEY
    shown: Any = None
    algorithm: str = "RS256"
    discovery: dict[str, Any] = field(default_factory=dict)

    def authorize(self, url: str) -> dict[str, str]:
        """The user says yes on the provider's page: what the browser then brings back."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        self.asked.append(query)
        code = f"code-{len(self.asked)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.address}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers."""
        query = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        known = base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        if not known:
            return 401, {"error": "invalid_client"}
        if query is None or query["code_challenge"] != challenge.decode().rstrip("="):
            return 400, {"error": "invalid_grant"}
        if query["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "sub": "u-7", "iat": now, "exp": now + 300, "nonce": query["nonce"],
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = "a secret that is long enough for HS256!" if self.algorithm == "HS256" else self.key
        signed = jwt.encode(claims, None if self.algorithm == "none" else key, self.algorithm, headers={"kid": "1"})
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": signed}

    def keys(self) -> dict[str, Any]:
        """The public key it shows."""
        shown = jwt.algorithms.RSAAlgorithm.to_jwk((self.shown or self.key).public_key(), as_dict=True)
        return {"keys": [{**shown, "kid": "1", "use": "sig", "alg": "RS256"}]}


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """It runs until the end of the block."""
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = provider.address
            answers = {
                "/.well-known/openid-configuration": {
                    "issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                    "jwks_uri": f"{base}/keys", "userinfo_endpoint": f"{base}/userinfo",
                } | provider.discovery,
                "/keys": provider.keys(),
                "/userinfo": provider.userinfo,
            }  # fmt: skip
            found = answers.get(self.path)
            self._answer(404 if found is None else 200, found or {})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: value[0] for name, value in parse_qs(text).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
