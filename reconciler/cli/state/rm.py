"""`campaign state rm`: forgets calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option
from reconciler.cli.state.picking import picking_options
from reconciler.cli.state.places import Talk, state_options

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.model import CallStatus, LockedCall
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import Recalled

_KINDS = {
    "live": "may still ring: once forgotten, nothing here can take them back",
    "called": "were called, or were tried to the end",
    "left-alone": "were cancelled by somebody else, perhaps on the person's wish",
}
"""What `--allow` can name, and what it is about."""


class _Allowance(click.ParamType[tuple[str, int]]):
    """`called=3` as a pair of kind and amount."""

    name = "KIND=AMOUNT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """The kind and the amount; fails with what would be right."""
        if isinstance(value, tuple):
            return value
        kind, _, amount = str(value).partition("=")
        if kind not in _KINDS or not amount.isdecimal():
            self.fail(f"give one of {', '.join(_KINDS)} with an amount, such as called=3", param, ctx)
        return kind, int(amount)


@click.command("rm")
@click.argument("name")
@click.argument("ids", nargs=-1, metavar="[CALL-ID]...")
@state_options
@picking_options
@option(
    "--allow",
    "allowed",
    multiple=True,
    type=_Allowance(),
    help="Forget up to so many calls that are live, called or left-alone.",
)
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    talk: Talk,
    name: str,
    ids: tuple[str, ...],
    phones: tuple[str, ...],
    keys: tuple[str, ...],
    allowed: tuple[tuple[str, int], ...],
    auto_approve: bool,
) -> int:
    """Forget calls of campaign NAME. If the lists still want them, the next apply CALLS THEM AGAIN.

    What stays in the lockfile are the ids of their jobs, so that these are not taken for somebody else's; whom they
    were of is gone. Nothing is sent: a queued call stays queued, and counts as somebody else's from then on.
    """
    from reconciler.cli.asking import is_wanted, require_terminal
    from reconciler.cli.state.picking import picked
    from reconciler.cli.state.places import locate
    from reconciler.cli.stores import lock_secret
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import Refusal
    from reconciler.lock.choosing import shown_id
    from reconciler.lock.opening import open_keyer
    from reconciler.lock.stores.files import FileStore
    from reconciler.read.remembered import recall
    from reconciler.render.remembered import CallView, calls_text

    if not (ids or phones or keys):
        raise click.UsageError("name the calls to forget: by their ids, --phone or --key")
    require_terminal(is_approved=auto_approve)
    terminal = Terminal(is_quiet=talk.is_quiet, verbosity=talk.verbosity, no_color=talk.no_color)
    store = FileStore(locate(talk, name), name)
    with store.hold("campaign state rm"):
        recalled = recall(store, store.read(), name)
        open_keyer(recalled.lock.header, lock_secret(), store.shown)  # refuses another secret before anything is shown
        calls = picked(recalled, store.shown, ids, phones, keys, lock_secret())
        if recalled.opened:
            raise Refusal(f"{store.shown} has requests that are still open; `campaign apply` settles them first")
        terminal.show(calls_text([CallView(shown_id(call), call) for call in calls]))
        _refuse_unnamed([call.status for call in calls], dict(allowed), is_listed=bool(recalled.lock.header.remote))
        terminal.show_text(f"{len(calls)} of them would be forgotten. {_explained(calls)}")
        if not is_wanted("Forget them?", is_approved=auto_approve):
            terminal.say("nothing was changed")
            return 1
        _forget(store, recalled, calls, terminal)
    return 0


def _forget(store: FileStore, recalled: Recalled, calls: Sequence[LockedCall], terminal: Terminal) -> None:
    """Takes these calls out of the lockfile, and keeps a copy of it as it was."""
    from reconciler.apply.book import Book
    from reconciler.cli.asking import say_kept
    from reconciler.cli.stores import lock_secret
    from reconciler.lock.choosing import forget
    from reconciler.lock.opening import open_keyer

    say_kept(terminal, store.keep())
    book = Book(store, recalled)
    book.put(forget(recalled.lock, calls, open_keyer(recalled.lock.header, lock_secret(), store.shown)), ())
    book.save()
    terminal.show_text(f"{len(calls)} forgotten")


def _explained(calls: Iterable[LockedCall]) -> str:
    if any(call.status.is_live for call in calls):
        return (
            "Those that may still ring will do so, and block their phones until they are over; "
            "all others the lists want are CALLED AGAIN by the next apply."
        )
    return "Those the lists still want are CALLED AGAIN by the next apply."


def _kind(status: CallStatus) -> str:
    if status.is_cancelled_by_others:
        return "left-alone"
    return "live" if status.is_live else "called" if status.is_called else ""


def _refuse_unnamed(statuses: Iterable[CallStatus], allowed: Mapping[str, int], *, is_listed: bool) -> None:
    """Raises Refusal for calls in doubt, and for more of a kind than was allowed by its amount.

    A live call can only be forgotten where the server lists its jobs (`is_listed`): elsewhere nothing would keep the
    next apply from adding a second one beside it.
    """
    from reconciler.errors import Refusal

    known = list(statuses)
    if any(status.is_doubtful for status in known):
        raise Refusal("nobody can tell what became of some of these calls: decide with `campaign resolve` first")
    if not is_listed and any(status.is_live for status in known):
        raise Refusal(
            "some of these calls may still ring, and this server does not list its jobs: a second call could be added "
            "beside them; take them out of the lists and apply, then forget them"
        )
    counts = Counter(kind for kind in map(_kind, known) if kind)
    if too_many := {kind: n for kind, n in counts.items() if n > allowed.get(kind, 0)}:
        said = "; ".join(f"{n} {_KINDS[kind]}" for kind, n in too_many.items())
        options = " ".join(f"--allow {kind}={n}" for kind, n in too_many.items())
        raise Refusal(f"{said}. To forget them all the same: {options}")
