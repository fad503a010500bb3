"""`campaign state unlock`: who holds a campaign's mutex, and what lets go of it."""

from __future__ import annotations

import click

from reconciler.cli.state.places import Talk, state_options


@click.command("unlock")
@click.argument("name")
@state_options
def command(talk: Talk, name: str) -> int:
    """Show who holds the lock of campaign NAME, and free it where it outlived its owner.

    Lockfiles in a folder never need this: the operating system lets go when the process that holds the lock ends,
    however it ends. Exits with 6 while a run holds it.
    """
    from reconciler.cli.state.places import locate
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import LockHeld
    from reconciler.lock.stores.files import FileStore

    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    is_held, told = FileStore(locate(talk, name), name).holder()
    if not is_held:
        last = f"; it was last locked {told}" if told else ""
        terminal.show_text(f"{name} is not locked{last}")
        return 0
    terminal.show_text(f"{name} is locked {told}")
    terminal.show_text("That process is alive, and nothing else can free the lock: wait for it, or end it there.")
    return LockHeld.exit_code
