"""`campaign validate`: everything that is wrong with manifests and lists, in one run, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import file_option, option, talk_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.terminal import Terminal
    from reconciler.errors import ManifestError, Problem
    from reconciler.manifest.load import Loaded


@click.command("validate")
@file_option
@option(
    "--errors-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every problem to this file, one a line.",
)
@talk_options
def command(files: tuple[Path, ...], errors_file: Path | None, is_quiet: bool, verbosity: int, no_color: bool) -> int:
    """Check manifests and phone lists, and report everything that is wrong. Sends nothing, needs no token."""
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.load import load
    from reconciler.render.page import line
    from reconciler.render.words import count

    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    loaded = load(files)
    calls, error = _check(loaded, terminal)
    if error is not None:
        if errors_file is not None:
            _write(error, errors_file)
        raise error
    terminal.show([line(f"Valid: {count(len(loaded.campaigns), 'campaign')}, {count(calls, 'call')}.")])
    return 0


def _check(loaded: Loaded, terminal: Terminal) -> tuple[int, ManifestError | None]:
    """How many calls the campaigns want, and everything that is wrong, lists of broken manifests included."""
    from reconciler.errors import ManifestError
    from reconciler.phones.desired import check_lists, read_suppression
    from reconciler.phones.problems import Problems
    from reconciler.phones.stream import stream
    from reconciler.phones.suppression import collect_suppressed

    problems, omitted, calls = [*loaded.problems], 0, 0
    for checkable in loaded.checkable:
        problems += check_lists(checkable.lists, wave="1")
        problems += _problems_of(lambda lists=checkable.suppress: read_suppression(lists))  # type: ignore[misc]
    for campaign in loaded.campaigns:
        try:
            with terminal.progress() as progress:
                progress.start(f"checking the lists of {campaign.name}", None)
                found = Problems()
                collect_suppressed(campaign.suppress, found)
                calls += sum(len(c.keys) for c in stream(campaign, progress=progress.advance, problems=found))
        except ManifestError as error:
            problems += error.problems
            omitted += error.omitted
    return calls, ManifestError(problems, omitted) if problems else None


def _problems_of(read: Callable[[], object]) -> tuple[Problem, ...]:
    from reconciler.errors import ManifestError

    try:
        read()
    except ManifestError as error:
        return error.problems
    return ()


def _write(error: ManifestError, path: Path) -> None:
    from reconciler.errors import UsageError
    from reconciler.render.problems import write_problems

    try:
        with path.open("w", encoding="utf-8") as file:
            write_problems(error.problems, file)
    except OSError as failure:
        raise UsageError(f"--errors-file {path}: {failure.strerror}") from None
