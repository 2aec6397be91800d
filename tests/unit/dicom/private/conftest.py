from collections.abc import Iterator
from pathlib import Path

import pytest

from neurolupus.dicom.private.linking_key import LinkingKey


@pytest.fixture
def key(tmp_path: Path) -> Iterator[LinkingKey]:
    with LinkingKey.open(tmp_path / "kept" / "key.json") as opened:
        yield opened
