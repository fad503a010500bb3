"""The docs are run. Every block of code in README.md and docs/ does what it says, or the tests fail.

One page is one scratch folder, one shell (so `cd` and `export` last) and one test. What happens to a block is said
by its language and by an HTML comment right above it, which readers do not see:

| above the block           | language         | what happens                                                       |
|---------------------------|------------------|--------------------------------------------------------------------|
| `<!-- file: leads.csv -->`| any              | written to the scratch folder under that name                      |
| `<!-- run -->`            | console          | commands are run in order and print what is written (console.py)   |
| `<!-- run: exit 3 -->`    | console          | same; the last command ends with 3. All others have to end with 0, |
|                           |                  | or be followed by `$ echo $?`                                       |
| `<!-- help: campaign x -->`| text            | holds what `campaign x --help` prints; `make docs-update` fills it |
| `<!-- not run: why -->`   | any              | left alone; a reason is required                                   |
| nothing                   | yaml             | a manifest is validated by `campaign validate`, other YAML parsed  |
| nothing                   | json, jsonl, toml, csv, python, sh | parsed                                           |

`<!-- setup: command -->`, with no block below, runs a command readers need not see. A command that ends in ` &` goes
on running until the page ends; the page goes on as soon as it has printed what is written below it. Anything else,
a block without a language included, is an error: no block goes unchecked.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import yaml

from tests.docs.console import Command, Shell, ShellGone, commands, difference, is_match
from tests.docs.helptexts import Help, unknown_words, with_current_help
from tests.docs.pages import Block, Page, read_page

MANIFEST = re.compile(r"^apiVersion: campaign/", re.MULTILINE)
OPERATORS = re.compile(r"\s+(?:\|\|?|&&|;|#)\s+|;\s+")  # between the commands of a line, and before a comment


def block_problems(page: Page, environment: Mapping[str, str]) -> list[str]:
    """What is wrong with the page's blocks, each with its line; empty when all of them do what they say."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as notes:
        folder = Path(scratch).resolve()
        with Shell(folder, Path(notes), {**environment, "HOME": scratch}) as shell:
            return [f"{page.path.name}:{line}: {what}" for line, what in _problems(page, folder, shell)]


def _problems(page: Page, folder: Path, shell: Shell) -> Iterator[tuple[int, str]]:
    for block in page.blocks:
        try:
            yield from _judge(block, folder, shell)
        except ShellGone as error:
            yield block.line, f"{error}; the rest of the page was not run"
            return


def _judge(block: Block, folder: Path, shell: Shell) -> Iterator[tuple[int, str]]:
    match block.directive, block.language:
        case "not run", _:
            if not block.argument:
                yield block.line, "`not run` needs a reason"
        case "help", _:
            pass  # help_problems looks at these
        case "file", _:
            yield from _write(block, folder)
        case "setup", _:
            yield from _run(Command(0, block.argument, ("...",)), block.line, 0, shell)
        case "run", "console":
            yield from _run_all(block, shell)
        case "", "yaml" if MANIFEST.search(block.text):
            yield from _validate(block, folder, shell)
        case "", language if language in PARSERS:
            yield from _parse(block)
        case _:
            yield block.line, f"nobody checks this {block.language or 'untagged'} block; tests/docs/checker.py says how"


def _write(block: Block, folder: Path) -> Iterator[tuple[int, str]]:
    target = (folder / block.argument).resolve()
    if not block.argument or not target.is_relative_to(folder):
        yield block.line, "`file` needs the name of a file in the page's own folder"
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.text, encoding="utf-8")


def _run_all(block: Block, shell: Shell) -> Iterator[tuple[int, str]]:
    exit_code = re.fullmatch(r"(?:exit (\d+))?", block.argument)
    if not exit_code:
        yield block.line, "`run` may be followed by `exit` and a number, and nothing else"
        return
    try:
        steps = list(commands(block.text))
    except ValueError as error:
        yield block.line, str(error)
        return
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        wanted = int(exit_code[1] or 0) if after is None else 0
        is_told = after is not None and after.text.startswith("echo $?")
        yield from _run(step, block.line + 1 + step.line, None if is_told else wanted, shell)


def _run(command: Command, line: int, exit_code: int | None, shell: Shell) -> Iterator[tuple[int, str]]:
    outcome = shell.run(command)
    if exit_code is not None and outcome.exit_code != exit_code:
        yield line, f"`{command.text}` ended with {outcome.exit_code}, not {exit_code}:\n{outcome.printed}"
    elif not is_match(command.expected, outcome.printed, begins=command.is_background):
        yield line, f"`{command.text}` prints something else:\n{difference(command.expected, outcome.printed)}"


def _validate(block: Block, folder: Path, shell: Shell) -> Iterator[tuple[int, str]]:
    # In the page's folder, where the lists it names are; gone afterwards, so that `-f .` does not find it.
    manifest = folder / f"block-at-line-{block.line}.yaml"
    manifest.write_text(block.text, encoding="utf-8")
    yield from _run(Command(0, f"campaign validate -f '{manifest}'", ("...",)), block.line, 0, shell)
    manifest.unlink()


def _parse(block: Block) -> Iterator[tuple[int, str]]:
    try:
        PARSERS[block.language](block.text)
    except (ValueError, SyntaxError, yaml.YAMLError) as error:
        yield block.line, f"not {block.language}: {error}"


def _parse_csv(text: str) -> None:
    if len({len(row) for row in csv.reader(text.splitlines(), strict=True)}) != 1:
        raise ValueError("rows of different lengths")


def _parse_shell(text: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)


PARSERS: Mapping[str, Callable[[str], object]] = {
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "toml": tomllib.loads,
    "csv": _parse_csv,
    "python": ast.parse,
    "sh": _parse_shell,
}


def help_problems(page: Page, root: Help) -> list[str]:
    """Blocks of --help that are not current, and commands and options mentioned that do not exist."""
    markdown = page.path.read_text(encoding="utf-8")
    try:
        stale = (
            [] if with_current_help(markdown, root) == markdown else ["help that is not current; run: make docs-update"]
        )
    except KeyError as error:
        stale = [f"a help block for a command that does not exist: {error.args[0]}"]
    unknown = [f"{line}: {what}" for line, words in _mentions(page) for what in unknown_words(words, root)]
    return [f"{page.path.name}:{problem}" for problem in [*stale, *unknown]]


def _mentions(page: Page) -> Iterator[tuple[int, str]]:
    """Every command that begins with `campaign `: in inline code, after a prompt, in shell blocks."""
    for line, span in page.spans:
        if span.startswith("campaign "):
            yield line, span
    for block in page.blocks:
        if block.language in ("console", "sh"):
            for number, text in enumerate(block.text.splitlines(), start=block.line + 1):
                if block.language == "sh" or text.startswith("$ "):
                    parts = OPERATORS.split(text.removeprefix("$ "))
                    yield from ((number, part) for part in parts if part.startswith("campaign "))


def make_problems(page: Page, makefile: str) -> list[str]:
    """`make` targets the page mentions that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    code = "\n".join([*(span for _, span in page.spans), *(block.text for block in page.blocks)])
    named = re.findall(r"^(?:\$ )?make ([a-z-]+)", code, re.MULTILINE)
    return [f"{page.path.name}: there is no `make {name}`" for name in sorted(set(named) - targets)]


def link_problems(page: Page, root: Path) -> list[str]:
    """Links to files or headings of this repository that are not there. Links to elsewhere are not followed."""
    return [
        f"{page.path.name}:{line}: broken link {target}"
        for line, target in page.links
        if not re.match(r"[a-z][a-z+.-]*:", target) and not _leads_somewhere(page, target, root)
    ]


def _leads_somewhere(page: Page, target: str, root: Path) -> bool:
    name, _, fragment = unquote(target).partition("#")
    file = (page.path.parent / name).resolve() if name else page.path
    if not file.is_relative_to(root) or not file.exists():
        return False
    return not fragment or file.suffix != ".md" or fragment in read_page(file).anchors
