"""The templates as pages: escaping, the shared style, and a policy that lets a page load nothing from anywhere."""

import base64
import hashlib
import os
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from neurolupus.report import figures, wording


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("neurolupus.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plural"] = wording.plural
    environment.globals.update(
        convention=wording.CONVENTION,
        not_a_device=wording.NOT_A_DEVICE,
        heat_stops=figures.HEAT_STOPS,
        data_uri=figures.data_uri,
    )
    return environment


@cache
def _asset(name: str, folder: str = "templates") -> str:
    return (resources.files("neurolupus.report") / folder / name).read_text(encoding="utf-8")


def render_fragment(template: str, **values: object) -> Markup:
    """A part of a page from its template; what is not Markup is escaped."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 - the template escapes


def render_page(template: str, script: str | None = None, **values: object) -> str:
    """A whole page from its template.

    The policy in its head allows data images, the page's own style and exactly the script named, by its hash: text
    that came with the data can neither run nor fetch anything.
    """
    code = _asset(script) if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    policy += f"script-src 'sha256-{digest}'" if script else "script-src 'none'"
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(_asset("theme.css", "shared") + _asset("style.css")),  # noqa: S704 - our own file
            script=Markup(code),  # noqa: S704 - our own file
            policy=policy,
            **values,
        )
    )


def write_page(path: Path, text: str) -> None:
    """Write a page under a temporary name, then rename it: no reader ever sees half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
