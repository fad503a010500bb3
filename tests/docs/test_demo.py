"""`make demo`: what a newcomer sees first works, whatever the machine's speed and the environment's settings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.repository import ROOT, environment


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demo prints, run once. It leaves nothing behind in the folder for temporary files."""
    folder = tmp_path_factory.mktemp("demo")
    settings = {"TMPDIR": str(folder), "CAMPAIGN_FILE": "/nowhere", "CAMPAIGN_QUIET": "1"}
    demo = [str(ROOT / "examples" / "demo.sh")]
    done = subprocess.run(demo, env={**environment(), **settings}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []
    return done.stdout


def test_the_demo_applies_the_difference_and_then_has_nothing_to_do(shown: str) -> None:
    told = re.findall(r"^(?:Done|Nothing to do): .*?(?=[;.])", shown, re.MULTILINE)
    assert told == [
        "Done: 6 added and the campaign started, in 1 addPhones request and 1 control request",
        "Done: 1 added, 1 cancelled and 1 replaced, in 1 addPhones request and 1 cancel request",
        "Nothing to do: 6 calls in step",
    ]


def test_the_demo_fits_on_two_screens_of_plain_text(shown: str) -> None:
    assert "\x1b" not in shown
    assert len(shown.splitlines()) <= 100
    assert max(map(len, shown.splitlines())) <= 120


def test_the_demo_says_what_to_do_where_there_is_no_campaign_command(tmp_path: Path) -> None:
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(next(p for p in map(Path, ("/bin", "/usr/bin")) if (p / tool).exists()) / tool)
    demo = ["bash", str(ROOT / "examples" / "demo.sh")]
    done = subprocess.run(demo, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "make demo" in done.stderr
