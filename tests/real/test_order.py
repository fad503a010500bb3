"""The order in which a real apply writes to its disk and to its server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import serve
from tests.real.scene import Scene

DISK = ("write", "fsync", "rename")


@pytest.mark.parametrize("dialect", ["current", "legacy"])
def test_every_request_that_changes_something_goes_out_after_its_intent_is_synced(tmp_path: Path, dialect: str) -> None:
    """The last that happened to the disk before each POST is the fsync of what was written before it."""
    with serve([f"order:dialect={dialect}"], speed=0) as sandbox:
        made = Scene(sandbox, tmp_path, "order")
        made.prepare()
        effects = made.effects()
    posts = [at for at, effect in enumerate(effects) if effect.startswith("send /")]
    asked = [effects[at].removeprefix("send /") for at in posts]
    assert asked == ["cancel", "addPhones", "control"]
    for at in posts:
        before = [effect for effect in effects[:at] if effect in DISK]
        assert before[-2:] == ["write", "fsync"]
