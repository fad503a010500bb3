"""`campaign state mv`: the lock of a campaign that is renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.places import NAME, Talk, state_options

if TYPE_CHECKING:
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import Recalled


@click.command("mv", short_help="Rename the campaign of a lock.")
@click.argument("old")
@click.argument("new")
@state_options
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(talk: Talk, old: str, new: str, auto_approve: bool) -> int:
    """Rename the campaign that a lock belongs to, from OLD to NEW: in the lockfile, and its name.

    The manifest's `metadata.name` is yours to change. Nobody is called: the renamed campaign goes on where it was.
    """
    from reconciler.cli.asking import is_wanted, require_terminal, say_kept
    from reconciler.cli.state.places import locate
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall

    if not NAME.fullmatch(new):
        raise click.UsageError("NEW: a name has 1 to 63 of a-z, 0-9 and -")
    if new == old:
        raise click.UsageError("OLD and NEW are the same")
    require_terminal(is_approved=auto_approve)
    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    folder = locate(talk, old)
    source, target = FileStore(folder, old), FileStore(folder, new)
    with source.hold("campaign state mv"), target.hold("campaign state mv"):
        recalled = recall(source, source.read(), old)
        is_there = _is_there(target, new, recalled)
        terminal.show_text(
            f"{source.shown}, {len(recalled.lock.calls):,} calls, becomes {target.shown}, the lock of campaign {new}."
        )
        if not is_wanted("Rename it?", is_approved=auto_approve):
            terminal.say("nothing was changed")
            return 1
        say_kept(terminal, source.keep())
        if not is_there:
            _write(target, recalled, new)
        source.withdraw()
        terminal.show_text(f"renamed; the manifest has to say `name: {new}` from now on")
    return 0


def _is_there(target: FileStore, name: str, recalled: Recalled) -> bool:
    """Whether an earlier rename got this far. Raises Refusal when another lock is there."""
    from reconciler.errors import Refusal
    from reconciler.lock.lacking import lacking
    from reconciler.read.remembered import recall

    stored = target.read()
    if stored.lock is None and not stored.journal:
        return False
    there, header = recall(target, stored, name).lock, recalled.lock.header
    is_later = there.header.lineage == header.lineage and there.header.serial > header.serial
    if is_later and not lacking(there, recalled.lock):
        return True
    raise Refusal(f"there is a {target.shown} already, and it is another lock; nothing was changed")


def _write(target: FileStore, recalled: Recalled, name: str) -> None:
    from msgspec.structs import replace

    from reconciler.apply.book import Book
    from reconciler.lock.model import Lock

    book = Book(target, recalled)
    book.put(Lock(replace(recalled.lock.header, campaign=name), recalled.lock.calls), book.opened)
    book.save()
