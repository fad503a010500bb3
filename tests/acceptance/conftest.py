"""A server of each dialect, and a folder beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.other_campaign import PLAIN, SHOUTING, STRINGS
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import Workshop, remote

STYLES = {"plain": PLAIN, "shouting": SHOUTING, "strings": STRINGS}


@pytest.fixture(params=["legacy", "current"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each dialect in turn."""
    return str(request.param)


@pytest.fixture
def style() -> str:
    """How the server writes; a module or a test may choose others."""
    return "shouting"


@pytest.fixture
def workshop(tmp_path: Path, dialect: str, style: str) -> Iterator[Workshop]:
    """A folder and a running server. At the end nothing may have been asked that the facts do not allow."""
    server = OtherServer(remote(dialect, style=STYLES[style]))
    with server.serving():
        work = Workshop(tmp_path, server)
        work.manifest()
        yield work
    assert server.violations == []
