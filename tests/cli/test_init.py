"""`campaign init`: an example that runs as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest import schema
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import TOKEN
from tests.cli.conftest import Campaign

WRITTEN = [
    ".gitignore",
    "campaign.yaml",
    "do-not-call.txt",
    "leads.csv",
    *(f"schemas/{name}" for name in schema.texts()),
]


def files(folder: Path) -> list[str]:
    """Every file of a folder, as a path in it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_writes_an_example_and_says_what_to_do_next(campaign: Campaign, folder: Path) -> None:
    ran = campaign("init", "mine")
    assert ran.code == 0
    assert files(folder / "mine") == sorted(WRITTEN)
    assert "campaign sandbox" in ran.out
    assert "campaign plan" in ran.out


def test_the_example_is_valid_as_it_is(campaign: Campaign, folder: Path) -> None:
    assert campaign("init").code == 0
    ran = campaign("validate")
    assert (ran.code, ran.out) == (
        0,
        "Valid: 1 campaign, 8 calls.\n",
    )


def test_the_example_is_planned_applied_and_then_in_step(
    campaign: Campaign, folder: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert campaign("init").code == 0
    manifest = folder / "campaign.yaml"
    manifest.write_text(manifest.read_text().replace("http://127.0.0.1:8080", server.host))
    monkeypatch.setenv("SPRING_PROMO_TOKEN", TOKEN)
    assert "7 to add" in campaign("plan").out
    assert campaign("apply", "--auto-approve").code == 0
    assert campaign("plan", "--detailed-exitcode").code == 0
    assert len(server.campaign().jobs) == 7


def test_git_ignores_what_may_hold_phones_and_nothing_that_should_be_kept(campaign: Campaign, folder: Path) -> None:
    assert campaign("init").code == 0
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert {"*.journal.jsonl", "*.journal.torn", "*.mutex"} <= set(ignored)
    assert not any("lock.jsonl" in line for line in ignored)


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_is_overwritten(campaign: Campaign, folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    ran = campaign("init")
    assert ran.code == 64
    assert name in ran.err
    assert files(folder) == [name]
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_an_error_of_its_own(campaign: Campaign, folder: Path) -> None:
    ran = campaign("init", "/dev/null/mine")
    assert ran.code == 1
    assert "cannot write into /dev/null/mine: Not a directory" in ran.err
