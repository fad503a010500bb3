"""`campaign state show`: one lock, or some of its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.picking import picking_options
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from reconciler.render.remembered import CallView


@click.command("show")
@click.argument("names", nargs=-1, metavar="[NAME|CALL-ID]...")
@state_options
@picking_options
@option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For whom.")
def command(talk: Talk, names: tuple[str, ...], phones: tuple[str, ...], keys: tuple[str, ...], format: str) -> int:
    """Show what is remembered of a campaign, or of single calls.

    NAME is a campaign; it may be left out where there is only one. A CALL-ID is as other commands show it, such as
    Gk3xT0aB/1. Phones and keys are digested to find their calls, and never printed.
    """
    from reconciler.cli.state.listing import view
    from reconciler.cli.state.places import locate
    from reconciler.cli.terminal import Terminal
    from reconciler.render.remembered import calls_text, lock_text
    from reconciler.render.remembered_json import locks_json

    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    ids = tuple(name for name in names if "/" in name)
    shown, calls = [], list["CallView"]()
    for name in [name for name in names if "/" not in name] or [_only(talk)]:
        folder = locate(talk, name)
        shown.append(view(folder, name))
        if ids or phones or keys:
            calls += _calls(talk, name, ids, phones, keys)
    if format == "json":
        click.echo(locks_json(shown, calls))
    elif calls:
        terminal.show(calls_text(calls))
    else:
        for each in shown:
            terminal.show(lock_text(each))
    return 1 if any(each.problem for each in shown) else 0


def _only(talk: Talk) -> str:
    from reconciler.cli.state.places import locks

    known = list(locks(talk))
    if len(known) != 1:
        raise click.UsageError(f"name a campaign; there are: {', '.join(known) or 'none'}")
    return known[0]


def _calls(
    talk: Talk, name: str, ids: tuple[str, ...], phones: tuple[str, ...], keys: tuple[str, ...]
) -> list[CallView]:
    from reconciler.cli.state.picking import picked
    from reconciler.cli.state.places import locate
    from reconciler.cli.stores import lock_secret
    from reconciler.lock.choosing import shown_id
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall
    from reconciler.render.remembered import CallView

    store = FileStore(locate(talk, name), name)
    recalled = recall(store, store.read(), name)
    calls = picked(recalled, store.shown, ids, phones, keys, lock_secret())
    return [CallView(shown_id(call), call) for call in calls]
