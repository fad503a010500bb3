"""`campaign profiles`: which compliance profiles there are, what they say, and whether the campaigns keep theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import file_option, option, talk_options

if TYPE_CHECKING:
    from reconciler.cli.compliance import Breaches
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.manifest.profile import Profile


@click.command("profiles", short_help="Show compliance profiles.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@file_option
@option("--check", is_flag=True, help="Hold the campaigns against the profiles they name; sends nothing.")
@option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How profiles are shown.",
)
@talk_options
def command(
    names: tuple[str, ...],
    files: tuple[Path, ...],
    check: bool,
    format: str,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Show compliance profiles: allowed hours, caps, source and date; those named, in full.

    There are those that come with the program, and `kind: Profile` documents in the manifests. With --check, hold the
    calls of all campaigns against the profiles they name. A lint, not legal advice.
    """
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import UsageError

    if check and (names or format != "text"):
        raise UsageError("--check goes with neither names nor --format; see `campaign validate --format`")
    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    if check:
        return _check(files, terminal)
    from reconciler.render.profiles import profiles_json, profiles_text

    chosen = _chosen(names, _known(files))
    if format == "json":
        click.echo(profiles_json(chosen))
    else:
        terminal.show(profiles_text(chosen, full=bool(names)))
    return 0


def _known(files: tuple[Path, ...]) -> dict[str, Profile]:
    """All profiles by name, one's own first; what else is wrong with the manifests is not asked here."""
    from reconciler.manifest.load import load
    from reconciler.manifest.profiles import shipped, shipped_names

    own = {profile.name: profile for profile in load(files).profiles}
    return own | {name: shipped(name) for name in shipped_names()}


def _chosen(names: tuple[str, ...], known: dict[str, Profile]) -> list[Profile]:
    from reconciler.errors import UsageError
    from reconciler.manifest.wording import did_you_mean

    for name in names:
        if name not in known:
            meant = did_you_mean(name, known) or "`campaign profiles` lists them"
            raise UsageError(f"no such profile; {meant}")
    return [known[name] for name in names] or [*known.values()]


def _check(files: tuple[Path, ...], terminal: Terminal) -> int:
    from reconciler.cli.compliance import Breaches, warn
    from reconciler.errors import ManifestError
    from reconciler.manifest.load import load
    from reconciler.render.words import count

    loaded = load(files)
    if loaded.problems:
        raise ManifestError(loaded.problems)
    campaigns, breaches = [each for each in loaded.campaigns if each.profiles], Breaches()
    calls = sum(_held(campaign, breaches, terminal) for campaign in campaigns)
    for warning in breaches.warnings:
        warn(terminal, warning)
    if breaches.errors:
        raise ManifestError(breaches.errors)
    terminal.show_text(f"Held against profiles: {count(len(campaigns), 'campaign')}, {count(calls, 'call')}.")
    return 0


def _held(campaign: Campaign, breaches: Breaches, terminal: Terminal) -> int:
    """How many calls the campaign wants; what is wrong with them goes to `breaches`."""
    from reconciler.phones.desired import ListedCalls

    with terminal.progress() as progress:
        listed = ListedCalls(campaign, progress)
        return sum(len(c.keys) for c in breaches.watch(campaign, listed.suppressed, listed.chunks()))
