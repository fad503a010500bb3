"""`campaign state`: what is remembered, for people."""

from __future__ import annotations

import click

from reconciler.cli.state import exchange, listing, mv, rekey, rm, show, unlock


@click.group("state")
def command() -> None:
    """Look at lockfiles, and change them by hand.

    Whatever changes one shows what it will do, asks, and keeps a dated copy of the files as they were.
    """


for each in (
    listing.command,
    show.command,
    rm.command,
    mv.command,
    exchange.pull,
    exchange.push,
    unlock.command,
    rekey.command,
):
    command.add_command(each)
