"""The command run inside the test, where a process of its own would show nothing more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import exit_code
from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import TOKEN, Ran, people, remote
from tests.cli.manifests import write

Campaign = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def campaign(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Campaign]:
    """Runs `campaign` with these arguments."""
    ours = logging.getLogger("reconciler")
    handlers, level = ours.handlers[:], ours.level

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = exit_code(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield run
    ours.handlers[:] = handlers
    ours.setLevel(level)


@pytest.fixture
def server() -> Iterator[OtherServer]:
    """A server with one running campaign."""
    running = OtherServer(remote("current"))
    with running.serving():
        yield running
    assert running.violations == []


@pytest.fixture
def spring(folder: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest of that campaign and a list of three; the manifest's path."""
    monkeypatch.setenv("SPRING_TOKEN", TOKEN)
    lines = [",".join(row) for row in people(3)]
    (folder / "leads.csv").write_text("\n".join(["id,phone,first_name", *lines, ""]))
    return write(folder, "spring", server.host)


@pytest.fixture
def two(spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> OtherServer:
    """A second campaign beside the first."""
    server.campaigns["tok-summer"] = RemoteCampaign("tok-summer")
    monkeypatch.setenv("SUMMER_TOKEN", "tok-summer")
    write(folder, "summer", server.host, token={"env": "SUMMER_TOKEN"})
    return server
