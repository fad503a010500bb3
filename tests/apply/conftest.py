"""Sandboxes to apply to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import serve
from tests.apply.stage import TOKEN, Stage
from tests.apply.world import World

Open = Callable[..., Stage]
MONDAY_10_UTC = 1_704_103_200_000


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    """Opens a sandbox with one paused campaign, its settings as the sandbox writes them (`dialect=legacy`)."""
    with ExitStack() as stack:

        def opened(*settings: str, state: str = "paused", **options: Any) -> Stage:
            described = ":".join([TOKEN, f"state={state}", *settings])
            sandbox = stack.enter_context(serve([described], start_ms=MONDAY_10_UTC, **options))
            return Stage(sandbox, tmp_path)

        yield opened


@pytest.fixture(params=["one by one", "in columns"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to hold new calls: as structs, as a few are, and in columns, as a million are."""
    monkeypatch.setattr(World, "in_columns", request.param == "in columns")


@pytest.fixture(params=["current", "legacy"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each dialect, as a setting of the sandbox."""
    return f"dialect={request.param}"
