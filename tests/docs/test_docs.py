"""README.md and docs/ say what is so: their code runs, their options exist, their links lead somewhere."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.checker import block_problems, help_problems, link_problems, make_problems
from tests.docs.helptexts import Help
from tests.docs.pages import read_page
from tests.docs.repository import PAGES, ROOT, campaign_help, environment

CLI_PAGE = ROOT / "docs" / "cli.md"

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@pytest.fixture(scope="module")
def root() -> Help:
    """Read once: asking every command for its help takes seconds."""
    return campaign_help()


@pytest.fixture
def ports_of_the_docs() -> Iterator[None]:
    """Pages name the sandbox's port as users type it, so only one page at a time runs on a machine."""
    with (Path(tempfile.gettempdir()) / f"campaign-docs-{os.getuid()}.mutex").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("ports_of_the_docs")
@pytest.mark.xdist_group("docs")
@each_page
def test_every_block_of_code_does_what_it_says(path: Path) -> None:
    assert not "\n".join(block_problems(read_page(path), environment()))


@pytest.mark.xdist_group("help")
@each_page
def test_every_command_and_option_mentioned_exists(path: Path, root: Help) -> None:
    assert not "\n".join(help_problems(read_page(path), root))


@each_page
def test_every_make_target_mentioned_exists(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not "\n".join(make_problems(read_page(path), makefile))


@each_page
def test_every_link_leads_somewhere(path: Path) -> None:
    assert not "\n".join(link_problems(read_page(path), ROOT))


@pytest.mark.xdist_group("help")
@pytest.mark.skipif(not CLI_PAGE.exists(), reason="there is no page about the command line yet")
def test_the_page_about_the_command_line_has_the_help_of_every_command(root: Help) -> None:
    shown = {block.argument for block in read_page(CLI_PAGE).blocks if block.directive == "help"}
    assert shown == {" ".join(each.command) for each in root.everything()}
