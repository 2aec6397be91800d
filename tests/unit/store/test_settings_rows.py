"""Settings: a default until they are set, and a conflict where somebody was quicker."""

from __future__ import annotations

import pytest

from neurolupus.errors import Conflict
from neurolupus.store.engine import Store
from neurolupus.store.settings_rows import Setting, get_setting, set_setting, setting_of
from neurolupus.store.trail import history


def test_a_setting_is_its_default_until_it_is_set(store: Store):
    with store.read() as connection:
        assert get_setting(connection, "seal_volumes", False) is False
        assert setting_of(connection, "seal_volumes", False) == Setting(False, 0)
    with store.write("anna") as writer:
        assert set_setting(writer, "seal_volumes", True, 0) == 1
        assert set_setting(writer, "seal_volumes", {"since": "today"}, 1) == 2
    with store.read() as connection:
        assert setting_of(connection, "seal_volumes") == Setting({"since": "today"}, 2)
        noted = [(one.before, one.after) for one in history(connection)]
    assert noted == [(True, {"since": "today"}), (None, True)]


@pytest.mark.parametrize("version", [0, 2])
def test_a_stale_change_is_a_conflict(store: Store, version: int):
    with store.write("anna") as writer:
        set_setting(writer, "seal_volumes", True, 0)
    with pytest.raises(Conflict, match=f"version 1; yours began at {version}"), store.write("ben") as writer:
        set_setting(writer, "seal_volumes", False, version)
    with store.read() as connection:
        assert get_setting(connection, "seal_volumes") is True
