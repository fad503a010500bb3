"""`campaign resolve`: calls nobody can tell the outcome of, for a person to decide about."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import click
import msgspec

from reconciler.cli.options import Common, common_options, option, settle_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.book import Book
    from reconciler.apply.resolve import Doubt, Verdict
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Turn
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.read.remembered import Remembered
    from reconciler.render.page import Line

IN_DOUBT = 4
"""Exit code while something is in doubt."""

_MEANING = {
    "sent": "will count as called in their wave and never be added again by themselves",
    "not-sent": "will count as never sent; the next apply adds those that are still wanted",
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PRIVATE = re.compile(r"/calls/campaign/|(?:\d[\s()./_\u2010-\u2015-]*){7}")
"""The token's URL, and as many digits as the shortest phone has; a date is none."""


@click.command("resolve", short_help="Decide about calls of unknown outcome.")
@common_options
@option("--adopt", is_flag=True, help="Ask the server once more and take what it has.")
@option("--sent", is_flag=True, help="Decide: they were added. Nothing adds them again.")
@option("--not-sent", is_flag=True, help="Decide: they were not added. They may be added again.")
@option("--call", "calls", multiple=True, metavar="ID", help="Only this call, by the id shown; may be repeated.")
@option("--why", default="", help="The reason for a decision; it is kept in the lockfile.")
@option("--who", default="", help="Who decides. Default: user and machine.")
@settle_option
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    common: Common,
    adopt: bool,
    sent: bool,
    not_sent: bool,
    calls: tuple[str, ...],
    why: str,
    who: str,
    settle_s: float,
    auto_approve: bool,
) -> int:
    """Show calls whose outcome is unknown, and decide about them.

    Without --adopt, --sent or --not-sent it only shows them. A decision is written into the lockfile with who took it
    and why.
    """
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.manifests import read_campaigns
    from reconciler.cli.terminal import Terminal
    from reconciler.render.results import SummaryRow

    verdicts = tuple(name for name, is_given in (("adopt", adopt), ("sent", sent), ("not-sent", not_sent)) if is_given)
    asked = _Asked(verdicts, calls, why, who, settle_s, is_approved=auto_approve)
    _check(asked)
    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        is_left = _One(asked, Desk.of(campaign, common), turn.terminal).resolve()
        outcome = "in doubt" if is_left else "nothing in doubt"
        return Ended(IN_DOUBT if is_left else 0, SummaryRow(campaign.name, outcome))

    return for_each(read_campaigns(common), terminal, work, Way(heads=()))


class _Asked(msgspec.Struct, frozen=True):
    """What was asked for on the command line; `who` is empty for whoever runs the command."""

    verdicts: tuple[str, ...]
    calls: tuple[str, ...]
    why: str
    who: str
    settle_s: float
    is_approved: bool

    @property
    def verdict(self) -> str | None:
        """What to do about the calls in doubt; None: only show them."""
        return self.verdicts[0] if self.verdicts else None


def _check(asked: _Asked) -> None:
    from reconciler.cli.terminal import can_ask

    if len(asked.verdicts) > 1:
        raise click.UsageError("--adopt, --sent and --not-sent contradict each other: give one of them")
    if asked.verdict in _MEANING and not asked.why:
        raise click.UsageError("a decision needs a reason: give --why, it is kept in the lockfile")
    if asked.calls and asked.verdict not in _MEANING:
        raise click.UsageError("--call goes with --sent or --not-sent")
    for name, text in (("--why", asked.why), ("--who", asked.who)):
        if _PRIVATE.search(_DATE.sub("", text)):
            raise click.UsageError(
                f"{name} may hold a phone number or a token, and is kept in the lockfile: leave it out"
            )
    if asked.verdict and not asked.is_approved and not can_ask():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve to decide without asking")


def _user() -> str:
    import getpass
    import socket

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())  # a container's user may have no name
    return f"{name}@{socket.gethostname()}"


class _One:
    """One campaign of this run."""

    def __init__(self, asked: _Asked, desk: Desk, terminal: Terminal) -> None:
        self._asked, self._desk, self._terminal = asked, desk, terminal

    def resolve(self) -> bool:
        """Shows what is in doubt and does what was asked about it; whether anything is in doubt afterwards.

        Holds the lock also when it only shows: what a run at work has in flight is not in doubt yet.
        """
        from reconciler.apply.book import Book
        from reconciler.apply.resolve import doubts, unconfirmed
        from reconciler.manifest.token import read_token
        from reconciler.read.remembered import read_remembered

        desk, verdict = self._desk, self._asked.verdict
        token = read_token(desk.campaign) if verdict == "adopt" else None
        with desk.store.hold("campaign resolve"):
            remembered = read_remembered(desk.store, desk.campaign, desk.secret, token)
            book = Book(desk.store, remembered)
            self._terminal.show(_listing(desk.campaign.name, book))
            if token is not None and doubts(book):
                self._adopt(remembered, book, token)
            elif verdict in _MEANING and doubts(book):
                self._decide(book, "sent" if verdict == "sent" else "not-sent")
            return bool(doubts(book) or unconfirmed(book))

    def _adopt(self, remembered: Remembered, book: Book, token: str) -> None:
        from reconciler.apply.clock import StopRequest, SystemClock
        from reconciler.apply.lost import find_lost
        from reconciler.apply.resolve import adopt, doubts
        from reconciler.apply.run import Options, Run, Tally
        from reconciler.errors import CallsError
        from reconciler.read.observed import Server

        desk, stop = self._desk, StopRequest()
        if not self._is_wanted("Ask the server about them, and take over what it has?"):
            return
        try:
            with desk.client(token) as client, self._terminal.progress() as progress:
                server = Server(client, desk.campaign, remembered.keyer, token)
                server.refuse_other_campaign(remembered.lock)
                options = Options(timeout_s=desk.timeout_s, settle_s=self._asked.settle_s)
                run = Run(client, book, remembered.keyer, SystemClock(stop), stop, options, Tally(), self._terminal.say)
                found = find_lost(run, desk.wanted(progress)) + adopt(run)
        except CallsError as error:
            error.exit_code = IN_DOUBT  # whatever failed, they still are
            raise
        left = len(doubts(book))
        hint = "; apply again later, or decide with --sent or --not-sent" if left else ""
        self._terminal.show_text(f"{found} taken over, {left} still in doubt{hint}")

    def _decide(self, book: Book, verdict: Verdict) -> None:
        from reconciler.apply.resolve import decide

        chosen = self._chosen(book)
        self._terminal.show_text(f"{len(chosen)} of them {_MEANING[verdict]}.")
        if self._is_wanted("Decide so?"):
            who = self._asked.who or _user()
            decide(book, chosen, verdict, who=who, why=self._asked.why, now_s=time.time())
            self._terminal.show_text(f"{len(chosen)} decided as {verdict}; written to the lockfile with the reason")

    def _chosen(self, book: Book) -> list[Doubt]:
        """The calls in doubt that `--call` names; all of them when it is not given."""
        from reconciler.apply.resolve import doubts
        from reconciler.errors import UsageError

        named = set(self._asked.calls)
        chosen = [doubt for doubt in doubts(book) if not named or doubt.shown_id in named]
        if unknown := named - {doubt.shown_id for doubt in chosen}:
            # Not repeated: whoever takes a phone for the id would find it in a log.
            raise UsageError(
                f"--call: {len(unknown)} of the ids given are of no call in doubt of campaign "
                f"{self._desk.campaign.name}; with several campaigns name one by --target"
            )
        return chosen

    def _is_wanted(self, question: str) -> bool:
        return self._asked.is_approved or click.confirm(question, err=True)


def _listing(name: str, book: Book) -> Iterator[Line]:
    from reconciler.apply.resolve import doubts, unconfirmed
    from reconciler.render.doubts import DoubtView, doubts_text

    shown = [DoubtView(doubt.call.mask, doubt.shown_id, doubt.call.status, doubt.entry) for doubt in doubts(book)]
    return doubts_text(name, shown, unconfirmed(book))
