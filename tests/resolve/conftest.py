"""Places with a sandbox beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import serve
from tests.resolve.place import TOKEN, Place

OpenPlace = Callable[..., Place]


@pytest.fixture
def open_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenPlace]:
    """Opens a folder beside a sandbox with one paused campaign, settings as the sandbox writes them."""
    monkeypatch.setenv("SPRING_TOKEN", TOKEN)
    with ExitStack() as stack:

        def opened(*settings: str, **options: Any) -> Place:
            described = ":".join([TOKEN, "name=sandbox", "state=paused", "order=shuffled", *settings])
            return Place(stack.enter_context(serve([described], **options)), tmp_path, capsys)

        yield opened


@pytest.fixture(params=["current", "legacy"])
def place(request: pytest.FixtureRequest, open_place: OpenPlace) -> Place:
    """A place on each dialect."""
    return open_place(f"dialect={request.param}")
