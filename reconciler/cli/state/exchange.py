"""`campaign state pull` and `push`: a lock out of its store, and into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec

from reconciler.cli.options import option
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.lock.model import Lock
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import Recalled

_SHOWN = "the lock to be pushed"


@click.command("pull", short_help="Write a lock to stdout.")
@click.argument("name")
@state_options
def pull(talk: Talk, name: str) -> int:
    """Write the lock of campaign NAME to stdout, as `push` takes it."""
    from reconciler.cli.state.places import locate
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall

    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    store = FileStore(locate(talk, name), name)
    with store.hold("campaign state pull"):
        stored = store.read()
        recalled = recall(store, stored, name)
    if recalled.opened:
        terminal.warn(
            f"{len(recalled.opened)} requests of an earlier run are open; in this copy their calls are in doubt",
            "apply first, then pull again",
        )
    data = _settled(recalled) if stored.journal else stored.lock
    click.echo(data, nl=False)
    return 0


def _settled(recalled: Recalled) -> bytes:
    """The lockfile as the next run would write it: with what its journal says."""
    from reconciler.lock.journal import with_doubts
    from reconciler.lock.lockfile import encode_lock
    from reconciler.lock.model import Lock

    lock = with_doubts(recalled.lock, recalled.opened)
    serial = lock.header.serial + (not recalled.is_journal_behind)
    return encode_lock(Lock(msgspec.structs.replace(lock.header, serial=serial), lock.calls))


@click.command("push", short_help="Put a lock into the store.")
@click.argument("name")
@click.argument("source", type=click.File("rb"), default="-", metavar="[FILE]")
@state_options
@option(
    "--serial",
    type=int,
    help="Put in this serial, although it is not newer than the one that is there, or lacks jobs of it.",
)
@option("--lineage", default="", metavar="ID", help="Put in a lock of this lineage, although another one is there.")
@option("--auto-approve", is_flag=True, help="Do not ask.")
def push(talk: Talk, name: str, source: BinaryIO, serial: int | None, lineage: str, auto_approve: bool) -> int:
    """Put a lock of campaign NAME into the store, from FILE or stdin.

    It is checked as every run checks it: whole, of this campaign, and under the secret in CAMPAIGN_LOCK_SECRET. One
    that is older than the lock that is there, or lacks jobs of it, is refused: what it does not remember would be
    called again. So is one that a journal of a run that was cut off does not continue.
    """
    from reconciler.cli.asking import is_wanted, require_terminal, say_kept
    from reconciler.cli.state.there import There
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore

    require_terminal(is_approved=auto_approve)
    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    store = FileStore(_folder(talk, name), name)
    data = source.read()
    new = _checked(data, name)
    with store.hold("campaign state push"):
        there = There(store, name)
        if there.data == data:
            terminal.show_text(f"{store.shown} is this lock already")
            return 0
        journal = there.journal_of(new)
        there.refuse_to_forget(new, serial=serial, lineage=lineage)
        terminal.show_text(f"{there.said} is replaced by serial {new.header.serial}, {len(new.calls):,} calls.")
        if journal:
            terminal.show_text("The journal of a run that was cut off continues it and stays; apply next.")
        if not is_wanted("Put it there?", is_approved=auto_approve):
            terminal.say("nothing was changed")
            return 1
        say_kept(terminal, store.keep())
        _replace(store, data, journal)
        terminal.show_text(f"written: {store.shown}")
    return 0


def _checked(data: bytes, name: str) -> Lock:
    """The lock in `data`. Raises LockError for what no run would take."""
    from reconciler.cli.stores import lock_secret
    from reconciler.lock.lockfile import decode_lock
    from reconciler.lock.opening import open_keyer

    lock = decode_lock(data, campaign=name, shown=_SHOWN)
    open_keyer(lock.header, lock_secret(), _SHOWN)
    return lock


def _folder(talk: Talk, name: str) -> Path:
    """Where the lock is put: also into a store that has none of this name yet."""
    from reconciler.cli.state.places import NAME, locate, refuse_git

    if not NAME.fullmatch(name):
        raise click.UsageError("NAME: a name has 1 to 63 of a-z, 0-9 and -")
    refuse_git(talk)
    return talk.lock_store or locate(talk, name)


def _replace(store: FileStore, data: bytes, journal: bytes) -> None:
    from reconciler.errors import LockError

    try:
        store.replace(data, journal)
    except OSError as error:
        raise LockError(f"cannot write {store.shown}: {error.strerror}") from None
