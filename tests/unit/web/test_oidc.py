"""Signing in with an organisation's account, against a small provider on loopback that can lie."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("authlib", reason="needs the extra oidc")

from clinic import browser, clinic
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_provider import CLIENT, SECRET, FakeProvider, fake_provider
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neurolupus.errors import UsageError
from neurolupus.store.trail import history
from neurolupus.store.users import find_user, list_users
from neurolupus.web.oidc_file import read_provider

pytestmark = pytest.mark.slow

ANNA = {"preferred_username": "Anna.Verdi", "groups": ["np-lupus", "staff"]}


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as made:
        made.claims = dict(ANNA)
        yield made


def provider_file(folder: Path, address: str, /, **changed: Any) -> Path:
    (folder / "secret").write_text(SECRET + "\n")
    values = {
        "issuer": address, "client_id": CLIENT, "client_secret_file": "secret", "label": "the hospital's account",
        "roles": {"admin": ["np-lupus-admins"], "editor": ["np-lupus"], "viewer": ["staff"]}, "export": ["np-data"],
    } | changed  # fmt: skip
    import yaml

    path = folder / "oidc.yaml"
    path.write_text(yaml.safe_dump({name: value for name, value in values.items() if value is not None}))
    return path


@pytest.fixture
def app(tmp_path: Path, provider: FakeProvider) -> FastAPI:
    found = read_provider(provider_file(tmp_path, provider.address), "http://localhost/sign-in/back")
    return clinic(tmp_path, users=True, provider=found)


def come_back(client: TestClient, provider: FakeProvider, **changed: str) -> Any:
    sent = client.get("/sign-in/with?next=/trail?who=x")
    assert sent.status_code == 303, sent.text
    answer = provider.authorize(sent.headers["location"]) | changed
    return client.get("/sign-in/back", params={name: value for name, value in answer.items() if value})


def test_there_and_back_is_signed_in(app: FastAPI, provider: FakeProvider):
    client = browser(app)
    assert "Sign in with the hospital&#39;s account" in client.get("/sign-in").text
    back = come_back(client, provider)
    assert (back.status_code, back.headers["location"]) == (303, "/trail?who=x")
    assert client.get("/patients").status_code == 200
    assert client.get("/trail").status_code == 403  # an editor by its groups
    with app.state.store.read() as connection:
        user = find_user(connection, "anna.verdi")
        assert user is not None
        assert (user.role, user.may_export, user.local) == ("editor", False, False)
        assert [one.action for one in history(connection)] == ["session.begun", "user.added"]


def signed_out(app: FastAPI, provider: FakeProvider) -> Any:
    client = browser(app)
    come_back(client, provider)
    csrf = client.get("/session").json()["csrf"]
    answer = client.post("/sign-out", headers={"X-CSRF-Token": csrf})
    assert client.get("/patients").status_code == 303
    return answer


def test_signing_out_shows_the_way_out_at_the_provider(app: FastAPI, provider: FakeProvider):
    provider.discovery = {"end_session_endpoint": f"{provider.address}/logout?x=1"}
    answer = signed_out(app, provider)
    assert answer.status_code == 200
    way = html.unescape(re.search(r'class="button wide" href="([^"]+)"', answer.text)[1])
    assert way.startswith(f"{provider.address}/logout?x=1&")
    asked = parse_qs(urlsplit(way).query)
    assert asked["client_id"] == [CLIENT]
    assert asked["post_logout_redirect_uri"] == ["http://localhost/sign-in"]


@pytest.mark.parametrize("told", [None, 7, "javascript:alert(1)", "http://elsewhere.example/logout"])
def test_a_provider_without_a_safe_way_out_is_left_alone(app: FastAPI, provider: FakeProvider, told: Any):
    provider.discovery = {"end_session_endpoint": told}
    answer = signed_out(app, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_it_asks_with_a_code_pkce_state_and_nonce(app: FastAPI, provider: FakeProvider):
    url = browser(app).get("/sign-in/with").headers["location"]
    asked = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{provider.address}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, "http://localhost/sign-in/back")
    assert "openid" in asked["scope"]
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    other = parse_qs(urlsplit(browser(app).get("/sign-in/with").headers["location"]).query)
    assert other["state"][0] != asked["state"]
    assert SECRET not in url


def test_roles_follow_the_groups_at_each_sign_in(app: FastAPI, provider: FakeProvider):
    come_back(browser(app), provider)
    provider.claims = ANNA | {"groups": ["np-lupus-admins", "np-data"]}
    client = browser(app)
    assert come_back(client, provider).status_code == 303
    assert client.get("/trail").status_code == 200
    with app.state.store.read() as connection:
        assert [(one.role, one.may_export) for one in list_users(connection)] == [("admin", True)]


def test_groups_may_stand_in_userinfo(app: FastAPI, provider: FakeProvider):
    provider.claims = {"preferred_username": "anna"}
    provider.userinfo = {"sub": "u-7", "groups": ["staff"]}
    assert come_back(browser(app), provider).status_code == 303
    provider.userinfo = {"sub": "somebody else", "groups": ["np-lupus-admins"]}
    assert come_back(browser(app), provider).status_code == 401


OTHER_KEY = rsa.generate_private_key(65537, 2048)
# what the ID token says instead, what else is changed, and the words with which it is refused
LIES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://evil.example"}, {}, "InvalidIssuerError"),
    "for another client": ({"aud": "another"}, {}, "InvalidAudienceError"),
    "for another party": ({"aud": [CLIENT, "another"], "azp": "another"}, {}, "another program"),
    "expired": ({"exp": int(time.time()) - 3600}, {}, "ExpiredSignatureError"),
    "without an end": ({"exp": None}, {}, "MissingRequiredClaimError"),
    "another nonce": ({"nonce": "another"}, {}, "another question"),
    "no nonce": ({"nonce": None}, {}, "another question"),
    "no subject": ({"sub": None}, {}, "MissingRequiredClaimError"),
    "in no group": ({"groups": ["gardeners"]}, {}, "none of the groups"),
    "groups of another kind": ({"groups": {"np-lupus": True}}, {}, "none of the groups"),
    "no name": ({"preferred_username": None}, {}, "did not tell your name"),
    "a name that cannot be kept": ({"preferred_username": "<script>"}, {}, "cannot be a user"),
    "signed with another key": ({}, {"shown": OTHER_KEY}, "InvalidSignatureError"),
    "not signed": ({}, {"algorithm": "none"}, "InvalidAlgorithmError"),
    "signed with a shared secret": ({}, {"algorithm": "HS256"}, "InvalidAlgorithmError"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_lets_nobody_in(app: FastAPI, provider: FakeProvider, lie: str):
    claims, changes, told = LIES[lie]
    client = browser(app)
    sent = client.get("/sign-in/with")
    provider.claims |= claims
    for name, value in changes.items():
        setattr(provider, name, value)
    answer = client.get("/sign-in/back", params=provider.authorize(sent.headers["location"]))
    assert (answer.status_code, told in answer.text) == (401, True)
    assert "<script>" not in answer.text
    assert client.get("/patients").status_code == 303
    with app.state.store.read() as connection:
        assert list_users(connection) == []


@pytest.mark.parametrize(
    "said",
    [{"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/keys"}, {"token_endpoint": "http://a"}],
)
def test_a_provider_that_describes_itself_as_another_is_not_asked(
    app: FastAPI, provider: FakeProvider, said: dict[str, str]
):
    provider.discovery = said
    answer = browser(app).get("/sign-in/with")
    assert (answer.status_code, "as another one" in answer.text) == (502, True)


def test_an_answer_to_another_browser_is_not_taken(app: FastAPI, provider: FakeProvider):
    attacker, victim = browser(app), browser(app)
    answer = provider.authorize(attacker.get("/sign-in/with").headers["location"])
    victim.get("/sign-in/with")
    assert victim.get("/sign-in/back", params=answer).status_code == 401
    assert attacker.get("/sign-in/back", params=answer).status_code == 401  # its state is spent


def test_an_answer_is_taken_once(app: FastAPI, provider: FakeProvider):
    client = browser(app)
    answer = provider.authorize(client.get("/sign-in/with").headers["location"])
    state = dict(client.cookies)
    assert client.get("/sign-in/back", params=answer).status_code == 303
    again = browser(app)
    for name, value in state.items():
        again.cookies.set(name, value)
    assert again.get("/sign-in/back", params=answer).status_code == 401


@pytest.mark.parametrize(
    "changed", [{"state": "x"}, {"code": "x"}, {"code": ""}, {"iss": "https://evil.example"}], ids=str
)
def test_a_changed_answer_is_not_taken(app: FastAPI, provider: FakeProvider, changed: dict[str, str]):
    assert come_back(browser(app), provider, **changed).status_code == 401


def test_another_user_of_the_same_name_is_not_taken_over(app: FastAPI, provider: FakeProvider):
    assert come_back(browser(app), provider).status_code == 303
    provider.claims |= {"sub": "u-8", "groups": ["np-lupus-admins"]}
    answer = come_back(browser(app), provider)
    assert (answer.status_code, "Another user" in answer.text) == (401, True)


def test_a_provider_that_is_away_is_told(tmp_path: Path):
    found = read_provider(provider_file(tmp_path, "http://127.0.0.1:9"), "http://localhost/sign-in/back")
    answer = browser(clinic(tmp_path, users=True, provider=found)).get("/sign-in/with")
    assert (answer.status_code, "cannot be reached" in answer.text) == (502, True)


def test_without_a_provider_there_is_no_such_way(tmp_path: Path):
    assert browser(clinic(tmp_path, users=True)).get("/sign-in/with").status_code == 404


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": "http://login.example"}, "https://"),
        ({"issuer": None}, "issuer is missing"),
        ({"roles": {"king": ["x"]}}, "'king' is no role"),
        ({"roles": {"admin": "x"}}, "list of groups"),
        ({"secret": "x"}, "'secret' is unknown"),
        ({"export": "x"}, "export has to be a list"),
        ({"client_secret_file": "none"}, "does not exist"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_file_with_faults_is_refused_with_all_of_them(tmp_path: Path, changed: dict[str, Any], told: str):
    with pytest.raises(UsageError, match=told):
        read_provider(provider_file(tmp_path, "https://login.example", **changed), "http://localhost/sign-in/back")


def test_the_secret_is_in_no_text_of_the_settings(app: FastAPI):
    assert app.state.settings.provider.secret == SECRET
    assert SECRET not in repr(app.state.settings)
