"""`campaign state unlock`: who holds a campaign's lock, and what lets go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore
    from reconciler.lock.stores.git import GitStore


@click.command("unlock", short_help="Show who holds a lock, and free it.")
@click.argument("name")
@option("--auto-approve", is_flag=True, help="Do not ask.")
@state_options
def command(talk: Talk, name: str, auto_approve: bool) -> int:
    """Show who holds the lock of campaign NAME, and free it where it outlived its owner.

    Lockfiles in a folder never need this: the operating system lets go when the process that holds the lock ends,
    however it ends. A lock in Git (--lock-store git:BRANCH) is claimed on the remote, and a machine that dies leaves
    its claim behind. Exits with 6 while a run holds it. NAME all.caps is what a run under a cap holds besides.
    """
    from reconciler.cli.state.places import held_stores
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.stores.files import FileStore

    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    codes = [
        _tell(store, name, terminal)
        if isinstance(store, FileStore)
        else _free(store, name, terminal, is_approved=auto_approve)
        for store in held_stores(talk, name)
    ]
    return max(codes)


def _tell(store: FileStore, name: str, terminal: Terminal) -> int:
    """Says who holds a lock in a folder; nothing else can free it."""
    from reconciler.errors import LockHeld

    is_held, told = store.holder()
    if not is_held:
        last = f"; it was last locked {told}" if told else ""
        terminal.show_text(f"{name} is not locked{last}")
        return 0
    terminal.show_text(f"{name} is locked {told}")
    terminal.show_text("That process is alive, and nothing else can free the lock: wait for it, or end it there.")
    return LockHeld.exit_code


def _free(store: GitStore, name: str, terminal: Terminal, *, is_approved: bool) -> int:
    """Deletes the claim of a machine that is gone, once somebody says that it is."""
    from reconciler.cli.asking import is_wanted, require_terminal
    from reconciler.errors import LockHeld

    if told := store.held_here():
        terminal.show_text(f"{name} is locked {told}")
        terminal.show_text("That process is alive, and nothing else can free the lock: wait for it, or end it there.")
        return LockHeld.exit_code
    holder = store.claimed_by()
    if not holder:
        terminal.show_text(f"{name} is not locked")
        return 0
    terminal.show_text(f"{name} is locked by {holder}")
    if store.is_claimed_here():
        terminal.show_text("A run on this machine made that claim: `campaign apply` here finishes what it began.")
    terminal.show_text(
        "If that run is at work, wait for it. If its machine is gone, what it did is remembered only in its journal: "
        "on a legacy server suppress the numbers it may have called first (docs/ci.md, After a runner died)."
    )
    require_terminal(is_approved=is_approved)
    if not is_wanted("Is it gone, and may the next run begin?", is_approved=is_approved):
        return LockHeld.exit_code
    store.give_back()
    terminal.show_text(f"{name} is free; the next `campaign apply` begins with what the lockfile in Git says")
    return 0
