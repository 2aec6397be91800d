"""The file that says how to sign in with an organisation's accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neurolupus.errors import UsageError, lacks_extra
from neurolupus.io.yamlfile import Wanted, read_yaml
from neurolupus.store.users import ROLES
from neurolupus.web.oidc import Provider

LARGEST_BYTES = 1 << 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NEEDED, OPTIONAL = ("issuer", "client_id", "roles"), {
    "client_secret_file": None, "label": "your organisation's account", "name_claim": "preferred_username",
    "groups_claim": "groups", "export": [], "scopes": ["openid", "profile", "email"],
}  # fmt: skip
_FILE = Wanted(UsageError, "file of a provider of identities", "issuer: https://...", "a list of users", LARGEST_BYTES)


def read_provider(path: Path, redirect: str) -> Provider:
    """The provider of a file.

    Parameters
    ----------
    path : Path
    redirect : str
        Where the provider sends browsers back to.

    Raises
    ------
    UsageError
        With every fault, or the extra that is missing.
    """
    try:
        import authlib.integrations.httpx_client  # noqa: F401
    except ImportError as error:
        raise UsageError(lacks_extra("--oidc", error.name, "oidc")) from None
    data = read_yaml(path, _FILE).data
    faults = list(_faults(data))
    if faults:
        raise UsageError(f"{path} has {len(faults)} faults.\n" + "\n".join(f"    {one}" for one in faults))
    found = OPTIONAL | data
    return Provider(
        issuer=found["issuer"].rstrip("/"),
        client_id=found["client_id"],
        secret=_secret(path, found["client_secret_file"]),
        redirect=redirect,
        label=found["label"],
        name_claim=found["name_claim"],
        groups_claim=found["groups_claim"],
        roles={role: tuple(groups) for role, groups in found["roles"].items()},
        export=tuple(found["export"]),
        scopes=tuple(found["scopes"]),
    )


def _faults(data: Any) -> Sequence[str]:
    if not isinstance(data, Mapping):
        return ["issuer, client_id and roles are needed"]
    faults = [f"{name} is missing" for name in NEEDED if name not in data]
    faults += [f"{name!r} is unknown; known are {', '.join((*NEEDED, *OPTIONAL))}"
               for name in data if name not in (*NEEDED, *OPTIONAL)]  # fmt: skip
    texts = ("issuer", "client_id", "client_secret_file", "label", "name_claim", "groups_claim")
    faults += [f"{name} has to be text" for name in texts if name in data and not isinstance(data[name], str)]
    faults += [f"{name} has to be a list of texts" for name in ("export", "scopes") if not _is_list(data.get(name, []))]
    roles = data.get("roles")
    if roles is not None and not (isinstance(roles, Mapping) and all(_is_list(one) for one in roles.values())):
        faults.append("roles has to name a list of groups for each role")
    elif roles is not None:
        faults += [f"{role!r} is no role; choose {', '.join(ROLES)}" for role in roles if role not in ROLES]
    if isinstance(data.get("issuer"), str) and not is_safe(data["issuer"]):
        faults.append(f"issuer {data['issuer']!r} has to begin with https://")
    return faults


def is_safe(url: str) -> bool:
    """Whether nobody between can read along: HTTPS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _secret(path: Path, name: str | None) -> str | None:
    if name is None:
        return None
    file = path.parent / name
    if not file.is_file() or file.stat().st_size > LARGEST_BYTES:
        raise UsageError(f"{path}: client_secret_file {name} does not exist or is no small file.")
    return file.read_text("utf-8").strip()
