"""`campaign validate`: everything that is wrong with manifests and lists, in one run, without a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import file_option, option, talk_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.terminal import Terminal
    from reconciler.errors import ManifestError, Problem
    from reconciler.manifest.load import Loaded
    from reconciler.render.verdict import Verdict

FORMATS = ("text", "github", "sarif", "json")


@click.command("validate", short_help="Check manifests and lists, without a network.")
@file_option
@option(
    "--format",
    variable="CAMPAIGN_VALIDATE_FORMAT",  # the formats of plans are others
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    metavar="FORMAT",
    help="text for people, github for annotations, sarif for SARIF 2.1.0, json for one JSON document.",
)
@option(
    "--errors-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every problem to this file, one a line.",
)
@talk_options
def command(
    files: tuple[Path, ...],
    format: str,
    errors_file: Path | None,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Check manifests and phone lists, and report everything that is wrong. Sends nothing, needs no token.

    The text goes to stderr when something is wrong; any other format goes to stdout, all problems in it.
    """
    from reconciler.cli.compliance import warn
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.load import load
    from reconciler.render.verdict import Verdict
    from reconciler.render.words import count

    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    loaded = load(files)
    calls, error, warnings = _check(loaded, terminal)
    if error is not None and errors_file is not None:
        _write(error, errors_file)
    if format in ("sarif", "json") or (format == "github" and (error is not None or warnings)):
        wrong = (error.problems, error.omitted) if error else ((), 0)
        _report(format, Verdict(len(loaded.campaigns), calls, *wrong, warnings))
        return 1 if error else 0
    for warning in warnings:
        warn(terminal, warning)
    if error is not None:
        raise error
    terminal.show_text(f"Valid: {count(len(loaded.campaigns), 'campaign')}, {count(calls, 'call')}.")
    return 0


def _report(format: str, verdict: Verdict) -> None:
    """Writes what was found for another program."""
    from reconciler import __version__
    from reconciler.render.annotations import workflow_commands
    from reconciler.render.sarif import sarif
    from reconciler.render.verdict import verdict_json

    here = os.path.realpath(".")
    # GitHub names files from the repository's root, whatever folder a step works in.
    root = os.path.realpath(os.environ.get("GITHUB_WORKSPACE") or here)
    is_inside = here == root or here.startswith(root.rstrip(os.sep) + os.sep)
    placed = verdict.seen_from(root if is_inside and format != "json" else here, here)
    match format:
        case "github":
            lines = workflow_commands(placed)
        case "sarif":
            lines = iter([sarif(placed, __version__)])
        case _:
            lines = verdict_json(placed)
    for line in lines:
        click.echo(line)


def _check(loaded: Loaded, terminal: Terminal) -> tuple[int, ManifestError | None, tuple[Problem, ...]]:
    """How many calls the campaigns want, all that is wrong, lists of broken manifests included, and all warnings."""
    from reconciler.cli.advice import Oddities
    from reconciler.cli.compliance import Breaches
    from reconciler.errors import ManifestError
    from reconciler.phones.desired import check_lists, read_suppression
    from reconciler.phones.problems import Problems
    from reconciler.phones.shelf import Shelf
    from reconciler.phones.stream import stream
    from reconciler.phones.suppression import collect_suppressed

    problems, omitted, calls, breaches = [*loaded.problems], 0, 0, Breaches()
    oddities = Oddities(loaded.campaigns)
    shelf = Shelf()
    shelf.expect(loaded.campaigns)
    for checkable in loaded.checkable:
        problems += check_lists(checkable.lists, wave="1")
        problems += _problems_of(lambda lists=checkable.suppress: read_suppression(lists))  # type: ignore[misc]
    for campaign in loaded.campaigns:
        try:
            with terminal.progress() as progress:
                progress.start(f"checking the lists of {campaign.name}", None)
                found = Problems()
                suppressed = collect_suppressed(campaign.suppress, found, shelf=shelf)
                chunks = stream(campaign, progress=progress.advance, problems=found, shelf=shelf)
                chunks = oddities.watch(campaign, suppressed, chunks)
                calls += sum(len(chunk.keys) for chunk in breaches.watch(campaign, suppressed, chunks))
        except ManifestError as error:
            problems += error.problems
            omitted += error.omitted
    problems += breaches.errors
    # A suppression file of the whole run is checked with every campaign.
    found_wrong = ManifestError(dict.fromkeys(problems), omitted) if problems else None
    return calls, found_wrong, tuple(sorted([*breaches.warnings, *oddities.warnings]))


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
