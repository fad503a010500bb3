"""`campaign halt`: pause now. Needs a host and a token and nothing else: no lists, no lockfile, no plan."""

from __future__ import annotations

import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import campaign_names, file_option, option, talk_options, timeout_option

if TYPE_CHECKING:
    from reconciler.calls.client import CallsClient
    from reconciler.cli.terminal import Terminal

AT_ONCE = 16
"""Campaigns paused side by side; more would wait for each other on one machine's network anyway."""

SOME_FAILED = 7

TRIES = 3
"""How often a pause whose answer was lost is sent: pausing again does no harm."""


@click.command("halt")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=campaign_names)
@option("--all", "is_all", is_flag=True, help="Every campaign of the manifests.")
@option("--host", help="Without manifests: the server, such as https://app.jaicp.com.")
@option("--token-env", metavar="VARIABLE", help="Without manifests: the variable that holds the campaign's token.")
@file_option
@timeout_option
@talk_options
def command(
    names: tuple[str, ...],
    is_all: bool,
    host: str | None,
    token_env: str | None,
    files: tuple[Path, ...],
    timeout_s: float,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Pause campaigns at once. Calls in progress are finished, no new ones start.

    The manifests keep saying what they say: set `state: paused` there, or the next apply resumes them.
    """
    from reconciler.cli.terminal import Terminal

    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    if host or token_env:
        if not (host and token_env) or names or is_all:
            raise click.UsageError("give --host and --token-env together, and neither names nor --all with them")
        if token_env not in os.environ:
            raise click.UsageError("the variable that --token-env names is not set")
        return _halt({"the campaign": _opener(host, lambda: os.environ[token_env], timeout_s)}, terminal)
    if bool(names) == is_all:
        raise click.UsageError("name the campaigns to pause, or give --all")
    openers, is_complete = _declared(names, files, timeout_s, terminal)
    code = _halt(openers, terminal)
    return code if is_complete else code or SOME_FAILED


def _declared(
    names: tuple[str, ...], files: tuple[Path, ...], timeout_s: float, terminal: Terminal
) -> tuple[dict[str, Callable[[], CallsClient]], bool]:
    """How to reach each campaign that is meant, and whether these are all: one in a broken manifest is none of them.

    Raises UsageError for a name that no manifest has.
    """
    from reconciler.cli.manifests import choose
    from reconciler.errors import ManifestError
    from reconciler.manifest.load import load
    from reconciler.manifest.token import read_token

    loaded = load(files)
    in_vain = [name for name in names if not any(fnmatchcase(campaign.name, name) for campaign in loaded.campaigns)]
    is_complete = not loaded.problems or (bool(names) and not in_vain)
    if not is_complete:
        terminal.error(ManifestError(loaded.problems))
        terminal.warn(
            "campaigns with errors in their manifests are not paused by this command",
            "pause them with --host and --token-env",
        )
        # Those that can be paused do not wait for the others.
        names = tuple(name for name in names if name not in in_vain)
        chosen = choose(loaded.campaigns, names) if names or not in_vain else ()
    else:
        chosen = choose(loaded.campaigns, names)
    openers = {c.name: _opener(c.host, lambda c=c: read_token(c), timeout_s) for c in chosen}  # type: ignore[misc]
    return openers, is_complete


def _opener(host: str, token: Callable[[], str], timeout_s: float) -> Callable[[], CallsClient]:
    def open_client() -> CallsClient:
        from reconciler.calls.client import CallsClient

        return CallsClient(host, token(), timeout_s=timeout_s)

    return open_client


def _halt(openers: dict[str, Callable[[], CallsClient]], terminal: Terminal) -> int:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(_outcome, openers.values()))
    failed = 0
    for name, outcome in zip(openers, outcomes, strict=True):
        if isinstance(outcome, Exception):
            failed += 1
            terminal.warn(f"{name} is NOT known to be paused")
            terminal.error(outcome)
        else:
            terminal.show_text(f"{name}: {outcome}")
    if not openers:
        terminal.warn("there is no campaign to pause")
        return 1
    return 0 if not failed else 1 if failed == len(outcomes) else SOME_FAILED


def _outcome(open_client: Callable[[], CallsClient]) -> str | Exception:
    try:
        with open_client() as client:
            return _pause(client)
    except Exception as error:  # noqa: BLE001 - the other campaigns must be paused whatever happens to this one
        return error


def _pause(client: CallsClient, tries: int = TRIES) -> str:
    """Pauses one campaign and says how it stands. Raises CallsError when it may still be calling."""
    from uuid import uuid4

    from reconciler.calls.model import CampaignState, Control
    from reconciler.errors import Ambiguous, Refused

    try:
        client.control(Control.PAUSE, str(uuid4()))
    except Ambiguous:
        if tries == 1:
            raise
        return _pause(client, tries - 1)
    except Refused as error:
        state = None if error.type == "invalid.token" else client.state()
        if state not in (CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.NEW):
            raise
        return f"not calling already ({state})"
    return "paused"
