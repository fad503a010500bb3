"""Pipelines of each forge, on each dialect."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from reconciler.sandbox import serve
from tests.ci.pipelines import Pipelines
from tests.forge.forges import FakeForge
from tests.resolve.place import TOKEN

Open = Callable[[str, Literal["github", "gitlab"]], Pipelines]


@pytest.fixture
def open_pipelines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens the pipelines of a team on a dialect and a forge."""
    if not shutil.which("git"):
        pytest.skip("a team without git has no pipelines")
    with ExitStack() as stack:

        def opened(dialect: str, kind: Literal["github", "gitlab"]) -> Pipelines:
            settings = [TOKEN, "name=sandbox", "state=new", f"dialect={dialect}"]
            sandbox = stack.enter_context(serve([":".join(settings)], speed=0))
            forge = stack.enter_context(FakeForge(kind).serving())
            return Pipelines(tmp_path, sandbox, forge, capsys, monkeypatch)

        yield opened


@pytest.fixture(params=["current", "legacy"])
def team(request: pytest.FixtureRequest, open_pipelines: Open) -> Pipelines:
    """On GitHub, on each dialect; legacy campaigns get their first lock by `--first`."""
    return open_pipelines(request.param, "github")


@pytest.fixture
def hub(open_pipelines: Open) -> Pipelines:
    """On GitHub, where the dialect makes no difference."""
    return open_pipelines("current", "github")


@pytest.fixture(params=["github", "gitlab"])
def either(request: pytest.FixtureRequest, open_pipelines: Open) -> Pipelines:
    """On each forge."""
    return open_pipelines("current", request.param)
