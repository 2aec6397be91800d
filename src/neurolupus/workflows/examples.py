"""The studies and published numbers that come with neurolupus, wherever it is installed."""

from importlib import resources
from pathlib import Path

from neurolupus.errors import NeurolupusError

STUDIES = ("intrathecal.study.yaml", "mri-phenotypes.study.yaml")
PUBLISHED = (
    "published/intrathecal-outcomes-2023.published.yaml",
    "published/mri-phenotypes-2021.published.yaml",
)


def example_path(name: str) -> Path:
    """Where a file of `examples/` lies: inside the installed package, or beside the sources in a clone.

    Raises
    ------
    NeurolupusError
        It is in neither place.
    """
    package = Path(str(resources.files("neurolupus")))
    for folder in (package / "examples", package.parents[1] / "examples"):
        if (folder / name).is_file():
            return folder / name
    raise NeurolupusError(
        f"The example {name} is missing; it is part of neurolupus.\n"
        "    Install neurolupus again, or run from a complete clone of the repository."
    )
