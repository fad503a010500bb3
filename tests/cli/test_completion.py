"""Completion in the shells: commands, options, names of campaigns, files. Shells that are not here are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Campaign
from tests.cli.manifests import write

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def place(folder: Path) -> Path:
    """A folder with two campaigns, one of which is in a file that cannot be read whole."""
    write(folder, "spring-promo", "https://app.jaicp.com")
    write(folder, "summer-promo", "https://app.jaicp.com")
    return folder


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the path, with `campaign` in it."""
    there = tmp_path_factory.mktemp("bin")
    script = there / "campaign"
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m reconciler \"$@\"\n")
    script.chmod(0o755)
    return there


def offered(shell: str, place: Path, typed: str) -> list[str]:
    """What the program tells this shell's script, the last word of `typed` being unfinished; descriptions left out."""
    words = typed.split(" ")
    variables = {"_CAMPAIGN_COMPLETE": f"{shell}_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        variables |= {"COMP_CWORD": words[-1]}
    made = subprocess.run(
        [sys.executable, "-m", "reconciler"],
        cwd=place,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.stderr == ""
    lines = made.stdout.split("\n")[:-1] if made.stdout.strip() else []
    if shell == "zsh":
        return [f"{kind},{value}" for kind, value in zip(lines[::3], lines[1::3], strict=True)]
    return [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("campaign va", ["plain,validate"]),
        ("campaign plan --target sp", ["plain,spring-promo"]),
        ("campaign apply --target ", ["plain,spring-promo", "plain,summer-promo"]),
        ("campaign halt su", ["plain,summer-promo"]),
        ("campaign plan --format ma", ["plain,markdown"]),
        ("campaign plan --shar", ["plain,--shard"]),
        ("campaign plan -f camp", ["file,camp"]),
        ("campaign status --target x", []),
    ],
)
def test_what_is_offered(place: Path, shell: str, typed: str, what: list[str]) -> None:
    assert offered(shell, place, typed) == what


def test_names_come_from_the_files_that_were_named(place: Path) -> None:
    assert offered("bash", place, "campaign plan -f summer-promo.yaml --target s") == ["plain,summer-promo"]


def test_where_nothing_can_be_read_nothing_is_offered_and_nothing_said(place: Path) -> None:
    (place / "broken.yaml").write_text("apiVersion: campaign/v1\nkind: [")
    assert offered("bash", place, "campaign plan -f broken.yaml --target s") == []
    assert offered("bash", place, "campaign plan -f nowhere --target s") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_the_shell_can_read(campaign: Campaign, tmp_path: Path, shell: str) -> None:
    ran = campaign("completion", shell)
    assert ran.code == 0
    assert "_CAMPAIGN_COMPLETE" in ran.out
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(ran.out)
        assert subprocess.run([shell, "-n", script], capture_output=True, check=False).stderr == b""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_it(campaign: Campaign, place: Path, command: Path) -> None:
    script = place / "script"
    script.write_text(campaign("completion", "bash").out)
    typing = "COMP_WORDS=(campaign plan --target s); COMP_CWORD=3; _campaign_completion campaign"
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    made = subprocess.run(
        ["bash", "--norc", "-c", f'source ./script; {typing}; echo "${{COMPREPLY[*]}}"'],
        cwd=place,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made.stdout, made.stderr) == ("spring-promo summer-promo\n", "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes_with_it(campaign: Campaign, place: Path, command: Path) -> None:
    (place / "script").write_text(campaign("completion", "fish").out)
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    made = subprocess.run(
        ["fish", "--no-config", "-c", "source ./script; complete -C 'campaign plan --target s'"],
        cwd=place,
        env=os.environ | {"PATH": path, "HOME": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.stdout == "spring-promo\nsummer-promo\n"
