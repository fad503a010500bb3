"""`campaign resolve`: calls nobody can tell the outcome of, for a person to decide about."""

from __future__ import annotations

import getpass
import socket
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Common, common_options, option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.apply.book import Book
    from reconciler.apply.resolve import Doubt, Verdict
    from reconciler.cli.desk import Desk
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.read.remembered import Remembered
    from reconciler.render.page import Line

_MEANING = {
    "sent": "will count as called in their wave and never be added again by themselves",
    "not-sent": "will count as never sent; the next apply adds those that are still wanted",
}


@click.command("resolve")
@common_options
@option("--adopt", "verdict", flag_value="adopt", help="Ask the server once more and take what it has.")
@option("--sent", "verdict", flag_value="sent", help="Decide: they were added. Nothing adds them again.")
@option("--not-sent", "verdict", flag_value="not-sent", help="Decide: they were not added. They may be added again.")
@option("--call", "calls", multiple=True, metavar="ID", help="Only this call, by the id shown; may be repeated.")
@option("--why", help="The reason for a decision; it is kept in the lockfile.")
@option("--who", help="Who decides. Default: user and machine.")
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    common: Common,
    verdict: str | None,
    calls: tuple[str, ...],
    why: str | None,
    who: str | None,
    auto_approve: bool,
) -> int:
    """Show calls whose outcome is unknown, and decide about them.

    Without --adopt, --sent or --not-sent it only shows them. A decision is written into the lockfile with who took it
    and why.
    """
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Ended, for_each
    from reconciler.cli.manifests import read_campaigns
    from reconciler.cli.terminal import Terminal
    from reconciler.render.results import SummaryRow

    _check(verdict, calls, why, is_asked=not auto_approve)
    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    decision = _Decision(verdict, calls, why or "", who or _user(), is_approved=auto_approve)

    def work(campaign: Campaign) -> Ended:
        left = decision.carry_out(Desk.of(campaign, common), terminal)
        return Ended(4 if left else 0, SummaryRow(campaign.name, "in doubt" if left else "nothing in doubt"))

    return for_each(read_campaigns(common), terminal, work)


def _check(verdict: str | None, calls: Sequence[str], why: str | None, *, is_asked: bool) -> None:
    if verdict in _MEANING and not why:
        raise click.UsageError("a decision needs a reason: give --why, it is kept in the lockfile")
    if calls and verdict not in _MEANING:
        raise click.UsageError("--call goes with --sent or --not-sent")
    if verdict and is_asked and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve to decide without asking")


def _user() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


class _Decision:
    """What was asked for on the command line."""

    def __init__(self, verdict: str | None, calls: tuple[str, ...], why: str, who: str, *, is_approved: bool) -> None:
        self._verdict, self._calls, self._why, self._who = verdict, calls, why, who
        self._is_approved = is_approved

    def carry_out(self, desk: Desk, terminal: Terminal) -> int:
        """Shows the calls in doubt and decides; how many are in doubt afterwards."""
        from reconciler.apply.book import Book
        from reconciler.apply.resolve import doubts
        from reconciler.manifest.token import read_token
        from reconciler.read.remembered import read_remembered

        token = read_token(desk.campaign) if self._verdict == "adopt" else None
        if self._verdict is None:
            remembered = read_remembered(desk.store, desk.campaign, desk.secret, None)
            book = Book(desk.store, remembered)
            terminal.show(_listing(desk.campaign.name, doubts(book)))
            return len(doubts(book))
        with desk.store.hold("campaign resolve"):
            remembered = read_remembered(desk.store, desk.campaign, desk.secret, token)
            book = Book(desk.store, remembered)
            terminal.show(_listing(desk.campaign.name, doubts(book)))
            if token is not None:
                self._adopt(desk, terminal, remembered, book, token)
            elif doubts(book):
                self._decide(terminal, book)
            return len(doubts(book))

    def _adopt(self, desk: Desk, terminal: Terminal, remembered: Remembered, book: Book, token: str) -> None:
        from reconciler.apply.clock import StopRequest, SystemClock
        from reconciler.apply.lost import find_lost
        from reconciler.apply.resolve import adopt
        from reconciler.apply.run import Options, Run, Tally
        from reconciler.read.observed import Server

        stop = StopRequest()
        with desk.client(token) as client:
            server = Server(client, desk.campaign, remembered.keyer, token)
            server.refuse_other_campaign(remembered.lock)
            options = Options(timeout_s=desk.timeout_s)
            run = Run(client, book, remembered.keyer, SystemClock(stop), stop, options, Tally(), terminal.say)
            found = find_lost(run, desk.desired(terminal).calls) + adopt(run)
        terminal.show_text(f"{found} adopted")

    def _decide(self, terminal: Terminal, book: Book) -> None:
        from reconciler.apply.resolve import decide, doubts
        from reconciler.errors import UsageError

        chosen = [doubt for doubt in doubts(book) if not self._calls or doubt.shown_id in self._calls]
        if unknown := set(self._calls) - {doubt.shown_id for doubt in chosen}:
            raise UsageError(f"--call {', '.join(sorted(unknown))}: no call in doubt has this id")
        verdict: Verdict = "sent" if self._verdict == "sent" else "not-sent"
        terminal.show_text(f"{len(chosen)} calls {_MEANING[verdict]}.")
        if self._is_approved or click.confirm("Decide so?", err=True):
            decide(book, chosen, verdict, who=self._who, why=self._why, now_s=time.time())
            terminal.show_text(f"{len(chosen)} decided as {verdict}; written to the lockfile with the reason")


def _listing(name: str, found: Sequence[Doubt]) -> Iterator[Line]:
    from itertools import groupby

    from reconciler.render.page import line
    from reconciler.render.words import count

    if not found:
        yield line((name, "bold"), ": no call is in doubt")
        return
    yield line((name, "bold"), f": {count(len(found), 'call')} in doubt")
    by_request = groupby(sorted(found, key=_request), key=_request)
    for request, doubts in by_request:
        yield line(request, indent=2)
        for doubt in doubts:
            yield line(f"{doubt.call.mask}  {doubt.shown_id}", indent=6)


def _request(doubt: Doubt) -> str:
    """What was asked of the server and what came back, in words."""
    if doubt.entry is None:
        return f"remembered by the lockfile as {doubt.call.status.name.lower().replace('_', ' ')}"
    entry = doubt.entry
    at = datetime.fromtimestamp(entry.intent.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    answer = f"{len(entry.job_ids)} ids answered" if entry.job_ids else entry.why or "the process died before an answer"
    return f"addPhones of {len(entry.intent.calls)} calls at {at}: {answer}"
