"""A server of each dialect, and a folder beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.warm import Warm
from tests.acceptance.workshop import Workshop, open_workshop


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What runs the command."""
    python = Warm()
    yield python
    python.close()


@pytest.fixture(params=["legacy", "current"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each dialect in turn."""
    return str(request.param)


@pytest.fixture
def style() -> str:
    """How the server writes; a module or a test may choose others."""
    return "shouting"


@pytest.fixture
def workshop(tmp_path: Path, warm: Warm, dialect: str, style: str) -> Iterator[Workshop]:
    """A folder and a running server."""
    with open_workshop(tmp_path, warm, dialect, style) as work:
        yield work


@pytest.fixture
def current(tmp_path: Path, warm: Warm) -> Iterator[Workshop]:
    """The same, for what only the current dialect can show or where the dialect makes no difference."""
    with open_workshop(tmp_path, warm, "current", "plain") as work:
        yield work


@pytest.fixture
def legacy(tmp_path: Path, warm: Warm) -> Iterator[Workshop]:
    """The same, for what only the legacy dialect can show."""
    with open_workshop(tmp_path, warm, "legacy", "plain") as work:
        yield work
