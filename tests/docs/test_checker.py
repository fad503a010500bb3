"""The docs checker itself: each kind of lie in a page is found, and a page that is right passes."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from tests.docs.checker import block_problems, help_problems, link_problems, make_problems
from tests.docs.console import commands, is_match
from tests.docs.helptexts import Help, with_current_help
from tests.docs.pages import Page, read_page

# Stands for `campaign`: validates files that say `good`, and has the command `plan` with the option --out.
CAMPAIGN = """\
#!/bin/sh
case "$*" in
  --help) printf 'Usage: campaign\\n\\nOptions:\\n  --help  Show.\\n\\nCommands:\\n  plan   Show a plan.\\n' ;;
  "plan --help") printf 'Usage: campaign plan\\n\\nOptions:\\n  -o, --out FILE  Save it.\\n  --help  Show.\\n' ;;
  validate*) grep -q good "$3" && cat leads.csv ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """One in which `campaign` is the stand-in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "campaign").write_text(CAMPAIGN, encoding="utf-8")
    (folder / "campaign").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def root(environment: dict[str, str]) -> Help:
    return Help(("campaign",), environment)


def page(folder: Path, markdown: str) -> Page:
    path = folder / "page.md"
    path.write_text(textwrap.dedent(markdown), encoding="utf-8")
    return read_page(path)


RIGHT = {
    "a command that prints what is written": """
        <!-- run -->
        ```console
        $ echo one; echo two
        one
        two
        ```
        """,
    "ids, times and lines left out": """
        <!-- run -->
        ```console
        $ seq 1 9; echo plan 9f3a at 10:01:02
        1
        ...
        plan … at …
        ```
        """,
    "a command over two lines": """
        <!-- run -->
        ```console
        $ echo one \\
        > two
        one two
        ```
        """,
    "a folder and a variable that last from block to block": """
        <!-- run -->
        ```console
        $ mkdir here && cd here && export NAME=Ann
        ```

        <!-- run -->
        ```console
        $ basename $PWD; echo $NAME
        here
        Ann
        ```
        """,
    "a command that is said to fail": """
        <!-- run: exit 3 -->
        ```console
        $ (exit 3)
        ```
        """,
    "a command whose exit code is shown": """
        <!-- run -->
        ```console
        $ (exit 3)
        $ echo $?
        3
        ```
        """,
    "a file that a command reads": """
        <!-- file: lists/leads.csv -->
        ```csv
        phone
        ```

        <!-- run -->
        ```console
        $ cat lists/leads.csv
        phone
        ```
        """,
    "a server that goes on while the page does": """
        <!-- run -->
        ```console
        $ (sleep 0.1; echo ready; touch up; sleep 60) &
        ready
        $ until [ -e up ]; do sleep 0.01; done; ls
        up
        ```
        """,
    "a command readers need not see": """
        <!-- setup: echo 1 > one -->

        <!-- run -->
        ```console
        $ ls
        one
        ```
        """,
    "a manifest that is valid, with a list above it": """
        <!-- file: leads.csv -->
        ```csv
        phone
        ```

        ```yaml
        apiVersion: campaign/v1
        kind: good
        ```
        """,
    "data in every language that is parsed": """
        ```yaml
        guards: {newCalls: 1}
        ```

        ```json
        {"a": 1}
        ```

        ```jsonl
        {"a": 1}
        {"a": 2}
        ```

        ```toml
        a = 1
        ```

        ```csv
        a,b
        1,2
        ```

        ```python
        print(1)
        ```

        ```sh
        make demo
        ```
        """,
    "a block left alone for a reason": """
        <!-- not run: needs a real campaign -->
        ```console
        $ campaign apply
        ```
        """,
}


@pytest.mark.parametrize("markdown", RIGHT.values(), ids=RIGHT.keys())
def test_a_page_that_is_right_passes(markdown: str, tmp_path: Path, environment: dict[str, str]) -> None:
    assert block_problems(page(tmp_path, markdown), environment) == []


WRONG = {
    "another output": ("<!-- run -->\n```console\n$ echo one\ntwo\n```", "page.md:3: `echo one` prints something else"),
    "output nobody wrote": ("<!-- run -->\n```console\n$ echo one\n```", "+one"),
    "a command that fails": (
        "<!-- run -->\n```console\n$ false\n$ true\n```",
        "page.md:3: `false` ended with 1, not 0",
    ),
    "a command that does not fail": ("<!-- run: exit 3 -->\n```console\n$ true\n```", "ended with 0, not 3"),
    "a shell that ends": ("<!-- run -->\n```console\n$ exit 0\n```", "the rest of the page was not run"),
    "a setup that fails": ("<!-- setup: false -->\n", "page.md:1: `false` ended with 1"),
    "a console block that is not run": ("```console\n$ true\n```", "page.md:1: nobody checks this console block"),
    "a console block without a command": ("<!-- run -->\n```console\ntrue\n```", "begins with `$ `"),
    "a run that says something else": ("<!-- run: twice -->\n```console\n$ true\n```", "`exit` and a number"),
    "a block without a language": ("```\ntext\n```", "nobody checks this untagged block"),
    "an indented block": ("text\n\n    indented\n", "nobody checks this (indented) block"),
    "a language nobody parses": ("```text\ntext\n```", "nobody checks this text block"),
    "no reason": ("<!-- not run -->\n```text\ntext\n```", "page.md:2: `not run` needs a reason"),
    "a file outside": ("<!-- file: ../leads.csv -->\n```csv\na\n```", "in the page's own folder"),
    "a manifest that is not valid": ("```yaml\napiVersion: campaign/v1\nkind: bad\n```", "campaign validate"),
    "broken YAML": ("```yaml\na: [\n```", "page.md:1: not yaml"),
    "broken JSON": ("```json\n{\n```", "not json"),
    "broken Python": ("```python\ndef\n```", "not python"),
    "ragged CSV": ("```csv\na,b\n1\n```", "not csv: rows of different lengths"),
    "broken shell": ("```sh\nif\n```", "not sh"),
}


@pytest.mark.parametrize(("markdown", "problem"), WRONG.values(), ids=WRONG.keys())
def test_a_page_that_is_wrong_is_told_where(
    markdown: str, problem: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    assert problem in "\n".join(block_problems(page(tmp_path, markdown), environment))


def test_what_a_page_started_ends_with_it(tmp_path: Path, environment: dict[str, str]) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    markdown = f"<!-- run -->\n```console\n$ (echo ready; exec sleep 60 >{fifo}) &\nready\n```"
    assert block_problems(page(tmp_path, markdown), environment) == []
    # End of file, not "try again": nobody holds the other end any more.
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_text_after_a_placeholder_need_not_line_up() -> None:
    assert is_match(("plan  …   yes",), "plan 12345678 yes\n")


def test_a_placeholder_stands_for_no_space() -> None:
    assert not is_match(("plan …",), "plan 1 2")


def test_colours_and_spaces_at_line_ends_do_not_count() -> None:
    assert is_match(("plan",), "\n\x1b[1mplan\x1b[0m  \n\n")


def test_a_command_knows_its_line_and_its_output() -> None:
    first, second = commands("$ one \\\n> more\nout\n$ two &\n")
    assert (first.line, first.text, first.expected) == (0, "one \\\nmore", ("out",))
    assert (second.line, second.is_background) == (3, True)


MENTIONS = {
    "an option that is gone": ("Use `campaign plan --gone`.", "page.md:1: `campaign plan` has no --gone"),
    "a command that is gone": ("```sh\ncampaign gone\n```", "page.md:2: `campaign` has no command gone"),
    "an option in a console block": ("```console\n$ campaign plan -z\n```", "page.md:2: `campaign plan` has no -z"),
    "an option behind a pipe": ("```sh\nls | campaign plan -z; ls\n```", "page.md:2: `campaign plan` has no -z"),
    "help that is not current": ("<!-- help: campaign plan -->\n```text\nold\n```", "help that is not current"),
    "help of a command that is gone": ("<!-- help: campaign gone -->\n```text\nold\n```", "does not exist: gone"),
}


@pytest.mark.parametrize(("markdown", "problem"), MENTIONS.values(), ids=MENTIONS.keys())
def test_a_command_or_option_that_does_not_exist_is_found(
    markdown: str, problem: str, tmp_path: Path, root: Help
) -> None:
    assert problem in "\n".join(help_problems(page(tmp_path, markdown), root))


def test_commands_and_options_that_exist_are_fine(tmp_path: Path, root: Help) -> None:
    spans = "`campaign plan leads -o x --out=y`, `campaign …`, `campaign NAME`"
    markdown = f"{spans}\n\n```console\n$ ls --all\n$ campaign plan | tail -n 1; ls -a\n```"
    assert help_problems(page(tmp_path, markdown), root) == []


def test_an_update_makes_help_current(tmp_path: Path, root: Help) -> None:
    updated = with_current_help("<!-- help: campaign plan -->\n```text\nold\n```\nafter\n", root)
    assert "--out FILE" in updated
    assert updated.endswith("```\nafter\n")
    assert help_problems(page(tmp_path, updated), root) == []


def test_a_make_target_that_does_not_exist_is_found(tmp_path: Path) -> None:
    there = page(tmp_path, "`make test`\n\n```sh\nmake gone\n```")
    assert make_problems(there, "test: setup\n\techo\n") == ["page.md: there is no `make gone`"]


def test_links_to_files_and_headings_are_followed(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Exit codes, all\n\n## Same\n\n## Same\n", encoding="utf-8")
    there = page(tmp_path, "[a](other.md) [b](other.md#exit-codes-all) [c](other.md#same-1) [d](https://example.com/)")
    assert link_problems(there, tmp_path) == []


@pytest.mark.parametrize("target", ["gone.md", "other.md#gone", "#gone", "../outside.md"])
def test_a_broken_link_is_found(target: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "other.md").write_text("# Here\n", encoding="utf-8")
    (tmp_path / "outside.md").write_text("# There\n", encoding="utf-8")
    assert link_problems(page(root, f"[a]({target})"), root) == [f"page.md:1: broken link {target}"]
