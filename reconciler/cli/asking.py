"""What commands that change the lockfile have in common: they ask first, and keep what was there before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal


def require_terminal(*, is_approved: bool) -> None:
    """Raises UsageError when nobody is there to be asked and nobody said that there is no need to."""
    from reconciler.cli.terminal import can_ask

    if not is_approved and not can_ask():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve to go on without asking")


def is_wanted(question: str, *, is_approved: bool) -> bool:
    """Whether to go on: it was said before, or a person says so now."""
    return is_approved or click.confirm(f"\n{question}", err=True)


def say_kept(terminal: Terminal, names: Iterable[str]) -> None:
    """Says under which names the files are kept as they were."""
    for name in names:
        terminal.say(f"kept as it was: {name}")
