"""Sign in with an organisation's accounts: OpenID Connect, authorization code with PKCE, state and nonce."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from neurolupus.store.users import ROLES

PENDING_S, MOST_PENDING = 600.0, 1000
PLACES_S = 600.0
TIMEOUT_S = 10.0
LEEWAY_S = 60
LARGEST_ANSWER_BYTES = 1 << 20
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class NotVouched(Exception):  # noqa: N818
    """The provider does not vouch for whoever asks; the message may be shown, and holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of identities, and what its groups may here.

    Attributes
    ----------
    issuer : str
    client_id : str
    secret : str or None
        None for a public client.
    redirect : str
        Where browsers are sent back to.
    label : str
        What the button says after "Sign in with".
    name_claim, groups_claim : str
        Where in its word on a user the name and the groups stand; dots lead inwards.
    roles : mapping of role to groups
    export : tuple of str
        Groups that may take data out.
    scopes : tuple of str
    """

    issuer: str
    client_id: str
    secret: str | None = field(repr=False)
    redirect: str
    label: str
    name_claim: str
    groups_claim: str
    roles: Mapping[str, tuple[str, ...]]
    export: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for, and what that user may here.

    Attributes
    ----------
    subject : str
        The issuer and its own id of the user, which does not change with the name.
    name : str
    role : str
    may_export : bool
    """

    subject: str
    name: str
    role: str
    may_export: bool


@dataclass(frozen=True, slots=True)
class _Pending:
    verifier: str
    nonce: str
    back: str
    begun: float


class Flows:
    """Those on their way to the provider and back."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._lock = threading.Lock()
        self._places: tuple[float, dict[str, Any]] | None = None

    def begin(self, back: str) -> tuple[str, str]:
        """The provider's page to go to, and the state that the browser is to hold meanwhile."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        with self._client() as client:
            place = self._discover(client)["authorization_endpoint"]
            url, _ = client.create_authorization_url(place, state=state, code_verifier=verifier, nonce=nonce)
        with self._lock:
            self._pending[state] = _Pending(verifier, nonce, back, monotonic())
            while len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)
        return str(url), state

    def finish(self, answer: Mapping[str, str], held: str) -> tuple[Vouched, str]:
        """Whom the provider vouches for, and the page to go on to.

        Parameters
        ----------
        answer : mapping
            What the browser brought back.
        held : str
            The state it held.

        Raises
        ------
        NotVouched
            The answer is not one to a question of this browser, or proves nobody.
        """
        state = answer.get("state", "")
        with self._lock:
            pending = self._pending.pop(state, None)
        if pending is None or not hmac.compare_digest(state.encode(), held.encode()):
            raise NotVouched("This way in was not begun in this browser, or is older than ten minutes. Begin again.")
        if monotonic() - pending.begun > PENDING_S:
            raise NotVouched("That took longer than ten minutes. Begin again.")
        if answer.get("iss", self.provider.issuer).rstrip("/") != self.provider.issuer:
            raise NotVouched("Another provider answered than was asked.")
        if "code" not in answer:
            raise NotVouched("Your organisation did not let you in.")
        return self._vouched(self._claims(answer["code"], pending)), pending.back

    def way_out(self) -> str | None:
        """The provider's page to sign out there too (RP-Initiated Logout 1.0); None where it tells of none."""
        from neurolupus.web.oidc_file import is_safe

        try:
            with self._client() as client:
                place = self._discover(client).get("end_session_endpoint")
        except NotVouched:
            return None
        if not isinstance(place, str) or not is_safe(place):
            return None
        back = urljoin(self.provider.redirect, "/sign-in")
        asked = urlencode({"client_id": self.provider.client_id, "post_logout_redirect_uri": back})
        return f"{place}{'&' if urlsplit(place).query else '?'}{asked}"

    def _claims(self, code: str, pending: _Pending) -> dict[str, Any]:
        """What the provider says of the user, its signature checked."""
        import jwt

        with self._client() as client:
            places = self._discover(client)
            try:
                token = client.fetch_token(
                    places["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=pending.verifier
                )
                keys = self._get(client, places["jwks_uri"])
                claims = check_token(str(token.get("id_token", "")), keys, self.provider, pending.nonce)
                if _inside(claims, self.provider.groups_claim) is None and "userinfo_endpoint" in places:
                    more = self._get(client, places["userinfo_endpoint"], signed=True)
                    if more.get("sub") == claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
                        claims = more | claims
            except NotVouched:
                raise
            except jwt.PyJWTError as error:
                raise NotVouched(f"What your organisation sent proves nobody ({type(error).__name__}).") from None
            except Exception as error:  # the network's, the library's and those of a form nobody expected
                raise NotVouched(f"Your organisation's answer could not be read ({type(error).__name__}).") from None
        return claims

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        found = _inside(claims, self.provider.groups_claim)
        groups = {str(one) for one in found} if isinstance(found, list) else {str(found)} if found else set()
        role = next((one for one in reversed(ROLES) if groups & set(self.provider.roles.get(one, ()))), None)
        name = _inside(claims, self.provider.name_claim)
        if role is None:
            raise NotVouched("Your account is in none of the groups that may come in here. Ask your administrator.")
        if not isinstance(name, str) or not name:
            raise NotVouched("Your organisation did not tell your name.")
        subject = f"{self.provider.issuer}|{claims['sub']}"
        return Vouched(subject[:512], name.strip().casefold(), role, bool(groups & set(self.provider.export)))

    def _discover(self, client: Any) -> dict[str, Any]:
        """Where the provider is asked; whoever comes often does not make us ask it often."""
        from neurolupus.web.oidc_file import is_safe

        if self._places is not None and monotonic() - self._places[0] < PLACES_S:
            return self._places[1]
        try:
            found = self._get(client, f"{self.provider.issuer}/.well-known/openid-configuration")
            places = [found[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        except Exception as error:
            raise NotVouched(f"Your organisation's sign-in cannot be reached ({type(error).__name__}).") from None
        if str(found.get("issuer", "")).rstrip("/") != self.provider.issuer or not all(map(is_safe, places)):
            raise NotVouched("Your organisation's sign-in describes itself as another one.")
        self._places = (monotonic(), found)
        return found

    def _get(self, client: Any, url: str, *, signed: bool = False) -> dict[str, Any]:
        answer = client.request("GET", url, withhold_token=not signed)
        answer.raise_for_status()
        if len(answer.content) > LARGEST_ANSWER_BYTES:
            raise ValueError("too large")
        found = answer.json()
        if not isinstance(found, dict):
            raise TypeError("no object")
        return found

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self.provider.client_id, self.provider.secret, redirect_uri=self.provider.redirect,
            scope=" ".join(self.provider.scopes), code_challenge_method="S256", timeout=TIMEOUT_S,
            token_endpoint_auth_method="client_secret_basic" if self.provider.secret else "none",
        )  # fmt: skip


def check_token(token: str, keys: Mapping[str, Any], provider: Provider, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that is signed by the provider, for this client, for this question, and in force.

    Raises
    ------
    jwt.PyJWTError
        It is not.
    NotVouched
        It answers another question, or is meant for another client.
    """
    import jwt

    known = jwt.PyJWKSet.from_dict(dict(keys))
    head = jwt.get_unverified_header(token)
    fitting = [key for key in known.keys if key.key_id == head.get("kid") or head.get("kid") is None]
    if not fitting:
        raise NotVouched("What your organisation sent is signed with a key it does not show.")
    claims: dict[str, Any] = jwt.decode(
        token, fitting[0].key, algorithms=list(ALGORITHMS), audience=provider.client_id, leeway=LEEWAY_S,
        options={"require": ["exp", "iat", "aud", "iss", "sub"]},
    )  # fmt: skip
    if str(claims["iss"]).rstrip("/") != provider.issuer:
        raise jwt.InvalidIssuerError
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NotVouched("What your organisation sent answers another question.")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise NotVouched("What your organisation sent is meant for another program.")
    return claims


def _inside(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name; where there is none so called, dots lead inwards."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
