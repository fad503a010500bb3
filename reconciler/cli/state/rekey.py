"""`campaign state rekey`: another secret for a lock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from reconciler.lock.keyed import Keyer
    from reconciler.lock.model import Header
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import Recalled


@click.command("rekey", short_help="Change the secret of a lock.")
@click.argument("name")
@state_options
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(talk: Talk, name: str, auto_approve: bool) -> int:
    """Put the lock of campaign NAME under the secret in CAMPAIGN_LOCK_SECRET.

    A lock that has a secret needs it in CAMPAIGN_LOCK_SECRET_OLD; one with a salt needs nothing. No phone number is
    needed, and nothing is asked of the server. From then on every run needs the new secret, and only that.
    """
    from reconciler.cli.asking import is_wanted, require_terminal, say_kept
    from reconciler.cli.state.places import locate
    from reconciler.cli.stores import lock_secret
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.opening import find_keyer
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall

    new = lock_secret()
    if not new:
        raise click.UsageError(
            "set CAMPAIGN_LOCK_SECRET to the new secret, and CAMPAIGN_LOCK_SECRET_OLD to the old one"
        )
    require_terminal(is_approved=auto_approve)
    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    store = FileStore(locate(talk, name), name)
    with store.hold("campaign state rekey"):
        recalled = recall(store, store.read(), name)
        header = recalled.lock.header
        if header.secret_check and find_keyer(header, new):
            terminal.show_text(f"{store.shown} has this secret already")
            return 0
        before = _keyer(header, store.shown)
        terminal.show_text(_explained(store.shown, recalled))
        if not is_wanted("Change it?", is_approved=auto_approve):
            terminal.say("nothing was changed")
            return 1
        say_kept(terminal, store.keep())
        with terminal.progress() as progress:
            progress.start("digesting everything once more", None)
            _write(store, recalled, before.under(new))
        terminal.show_text(f"{store.shown} is under the new secret: every run needs it from now on")
    return 0


def _keyer(header: Header, shown: str) -> Keyer:
    """The keyer the lock has now. Raises LockError when the old secret is not the one it was made with."""
    from reconciler.errors import LockError
    from reconciler.lock.opening import find_keyer

    keyer = find_keyer(header, os.environ.get("CAMPAIGN_LOCK_SECRET_OLD"))
    if keyer is None:
        raise LockError(f"{shown} was made with a secret, and CAMPAIGN_LOCK_SECRET_OLD does not hold it")
    return keyer


def _explained(shown: str, recalled: Recalled) -> str:
    what = "secret" if recalled.lock.header.secret_check else "salt"
    return (
        f"All digests in {shown}, {len(recalled.lock.calls):,} calls, are digested once more under the new secret. "
        f"Older copies of the file, in Git and elsewhere, stay under the old {what}."
    )


def _write(store: FileStore, recalled: Recalled, keyer: Keyer) -> None:
    from reconciler.apply.book import Book
    from reconciler.errors import LockError
    from reconciler.lock.rekey import Rekey

    book, rekey = Book(store, recalled), Rekey(keyer)
    try:
        book.put(rekey.lock(book.lock), rekey.opened(book.opened))
    except ValueError:
        raise LockError(f"{store.shown} holds something that is no digest where one should be; restore it") from None
    book.save()
