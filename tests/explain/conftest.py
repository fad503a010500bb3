"""The scene of most of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.explain.scene import Spring


@pytest.fixture
def spring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spring:
    """The campaign, in the current folder; nothing is remembered of it."""
    monkeypatch.chdir(tmp_path)
    return Spring(tmp_path)
