"""`campaign state list`: every lock there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.render.remembered import LockView


@click.command("list")
@state_options
@option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For whom.")
def command(talk: Talk, format: str) -> int:
    """List campaigns and their locks: calls, serial, lineage, size, open requests."""
    from reconciler.cli.state.places import locks
    from reconciler.cli.terminal import Terminal
    from reconciler.render.remembered import locks_text
    from reconciler.render.remembered_json import locks_json

    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    views = [view(folder, name, has_manifest=is_declared) for name, (folder, is_declared) in locks(talk).items()]
    if format == "json":
        click.echo(locks_json(views))
    elif views:
        terminal.show(locks_text(views))
    else:
        terminal.say("there is no campaign and no lockfile here")
    return 1 if any(each.problem for each in views) else 0


def view(folder: Path, name: str, *, has_manifest: bool = True) -> LockView:
    """What can be said of a lock without its secret; `problem` says why nothing can."""
    from reconciler.errors import LockError
    from reconciler.lock.journal import with_doubts
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall
    from reconciler.render.remembered import LockView

    store = FileStore(folder, name)
    try:
        stored = store.read()
        if stored.lock is None and not stored.journal:
            return LockView(name, store.shown, has_manifest=has_manifest)
        recalled = recall(store, stored, name)
    except LockError as error:
        return LockView(name, store.shown, problem=str(error), has_manifest=has_manifest)
    lock = with_doubts(recalled.lock, recalled.opened)
    return LockView(
        name,
        store.shown,
        lock.header,
        lock.count_statuses(),
        len(stored.lock or b""),
        len(recalled.opened),
        has_manifest=has_manifest,
    )
