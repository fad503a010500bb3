"""`campaign state pull` and `push`: a lock out of its store, and into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec

from reconciler.cli.options import option
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.lock.model import Header
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
@option("--serial", type=int, help="Put back this serial, although it is not newer than the one that is there.")
@option("--lineage", default="", metavar="ID", help="Put in a lock of this lineage, although another one is there.")
@option("--auto-approve", is_flag=True, help="Do not ask.")
def push(talk: Talk, name: str, source: BinaryIO, serial: int | None, lineage: str, auto_approve: bool) -> int:
    """Put a lock of campaign NAME into the store, from FILE or stdin.

    It is checked as every run checks it: whole, of this campaign, and under the secret in CAMPAIGN_LOCK_SECRET. An
    older one is refused: what it does not remember would be called again.
    """
    from reconciler.cli.asking import is_wanted, require_terminal, say_kept
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore

    require_terminal(is_approved=auto_approve)
    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    store = FileStore(_folder(talk, name), name)
    data = source.read()
    header, calls = _checked(data, name)
    with store.hold("campaign state push"):
        there = _There(store, name)
        if there.data == data:
            terminal.show_text(f"{store.shown} is this lock already")
            return 0
        there.refuse(header, serial=serial, lineage=lineage)
        terminal.show_text(f"{there.said} is replaced by serial {header.serial}, {calls:,} calls.")
        if not is_wanted("Put it there?", is_approved=auto_approve):
            terminal.say("nothing was changed")
            return 1
        say_kept(terminal, store.keep())
        _replace(store, data)
        terminal.show_text(f"written: {store.shown}")
    return 0


def _checked(data: bytes, name: str) -> tuple[Header, int]:
    """Its header and number of calls. Raises LockError for what no run would take."""
    from reconciler.cli.stores import lock_secret
    from reconciler.lock.lockfile import decode_lock
    from reconciler.lock.opening import open_keyer

    lock = decode_lock(data, campaign=name, shown=_SHOWN)
    open_keyer(lock.header, lock_secret(), _SHOWN)
    return lock.header, len(lock.calls)


def _folder(talk: Talk, name: str) -> Path:
    """Where the lock is put: also into a store that has none of this name yet."""
    from reconciler.cli.state.places import NAME, locate, refuse_git

    if not NAME.fullmatch(name):
        raise click.UsageError("NAME: a name has 1 to 63 of a-z, 0-9 and -")
    refuse_git(talk)
    return talk.lock_store or locate(talk, name)


class _There:
    """What the store holds now."""

    def __init__(self, store: FileStore, name: str) -> None:
        from reconciler.errors import LockError
        from reconciler.read.remembered import recall

        stored = store.read()
        self.data, self._shown = stored.lock, store.shown
        self._recalled: Recalled | None = None
        self.said = f"{store.shown}, which is not there,"
        if stored.lock is None and not stored.journal:
            return
        try:
            self._recalled = recall(store, stored, name)
            header = self._recalled.lock.header
            self.said = f"{store.shown}, serial {header.serial}, {len(self._recalled.lock.calls):,} calls,"
        except LockError as error:
            self.said = f"{store.shown}, which cannot be used ({error}),"

    def refuse(self, header: Header, *, serial: int | None, lineage: str) -> None:
        """Raises Refusal when the new lock is not a later version of this one, and nobody said that it may be."""
        from reconciler.errors import Refusal

        if self._recalled is None:
            return
        here = self._recalled.lock.header
        if self._recalled.entries:
            raise Refusal(f"{self._shown} has a journal of a run that was cut off; `campaign apply` settles it first")
        if here.lineage != header.lineage and not (lineage and header.lineage.startswith(lineage)):
            raise Refusal(
                f"{self._shown} is another lock (lineage {here.lineage[:8]}) than the new one: the calls of one are "
                f"not those of the other. To put it there all the same: --lineage {header.lineage[:8]}"
            )
        if here.lineage == header.lineage and header.serial <= here.serial and serial != header.serial:
            raise Refusal(
                f"{self._shown} has serial {here.serial}, and the new one is not newer: calls made since would be made "
                f"again. To put it there all the same: --serial {header.serial}"
            )


def _replace(store: FileStore, data: bytes) -> None:
    from reconciler.errors import LockError

    try:
        store.replace(data)
    except OSError as error:
        raise LockError(f"cannot write {store.shown}: {error.strerror}") from None
