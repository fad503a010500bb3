"""One apply of one campaign from lock to lock: hold, recover, read, plan, ask, do, write down."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from reconciler.apply.book import Book
from reconciler.apply.clock import Clock, StopRequest
from reconciler.apply.engine import apply_plan, forget_refusal, remember_settings
from reconciler.apply.lost import find_lost
from reconciler.apply.recover import recover
from reconciler.apply.run import Options, Run, Tally
from reconciler.calls.client import CallsClient
from reconciler.errors import GuardTripped, LockError, OutcomeUnknown, Refusal
from reconciler.lock.journal import OpenIntent, with_doubts
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import refreshed
from reconciler.plan.model import Plan
from reconciler.read.observed import Server, needs_first
from reconciler.read.remembered import read_remembered


class Session(msgspec.Struct, frozen=True):
    """What one apply is about. `approve` shows the plan and says whether to go on."""

    campaign: Campaign
    desired: Desired
    store: Store
    client: CallsClient
    token: str
    approve: Callable[[Plan], bool]
    secret: str | None = None
    allowed: Mapping[str, float] = {}
    is_first: bool = False
    command: str = "campaign apply"


class Voice(msgspec.Struct, frozen=True):
    """How a run talks: messages now, and how many more calls are done."""

    say: Callable[[str], None]
    advance: Callable[[int], None]


def apply_campaign(
    session: Session, options: Options, clock: Clock, stop: StopRequest, voice: Voice, tally: Tally
) -> None:
    """Makes the campaign what it should be, or as much of it as is safe; `tally` holds what was done.

    Raises LockHeld, Refusal and CallsError with nothing in doubt, OutcomeUnknown when something is, GuardTripped when
    only the safe part of the plan was done, Interrupted when asked to stop.
    """
    with session.store.hold(session.command):
        remembered = read_remembered(session.store, session.campaign, session.secret, session.token)
        server = Server(session.client, session.campaign, remembered.keyer, session.token)
        server.refuse_shared_campaign(session.store, session.secret)
        server.refuse_other_campaign(remembered.lock)
        book = Book(session.store, remembered)
        run = Run(session.client, book, remembered.keyer, clock, stop, options, tally, voice.say, voice.advance)
        book.set_header(server.header(book.lock.header))
        carried = recover(run)
        find_lost(run, session.desired.calls)
        if remembered.opened:
            server = Server(session.client, session.campaign, remembered.keyer, session.token)
        _plan_and_do(session, run, server, carried)


def _plan_and_do(session: Session, run: Run, server: Server, carried: tuple[OpenIntent, ...]) -> None:
    book = run.book
    doubted = tuple(entry for entry in book.opened if entry not in carried)
    lock = with_doubts(book.lock, doubted)
    observed = server.observe(lock, has_open_intents=bool(book.opened))
    if needs_first(lock, observed) and not session.is_first:
        raise Refusal(
            f"campaign {session.campaign.name} has no lockfile, and this server cannot say whether it has calls "
            "already; if nobody was ever added to it, apply once with --first"
        )
    plan = make_plan(
        session.campaign, session.desired, refreshed(lock, observed), observed, run.keyer, allowed=session.allowed
    )
    if not session.approve(plan):
        return
    book.refresh(refreshed(book.lock, observed))
    forget_refusal(run, observed.state)
    _do(session, run, plan, carried)


def _do(session: Session, run: Run, plan: Plan, carried: tuple[OpenIntent, ...]) -> None:
    try:
        apply_plan(run, plan, carried)
        remember_settings(run, session.campaign)
    except LockError:
        raise  # the disk does not take our records: leave everything as the last durable one says
    except BaseException:
        run.book.save()
        _count_unknown(run)
        raise
    run.book.save()
    _count_unknown(run)
    if run.book.opened:
        raise OutcomeUnknown(
            f"the outcome for {run.tally.unknown} calls is unknown; apply again, or `campaign resolve`"
        )
    if plan.tripped:
        raise GuardTripped("a guard of the manifest held part of the plan back")


def _count_unknown(run: Run) -> None:
    opened = (entry.intent for entry in run.book.opened)
    run.tally.unknown = sum(len(intent.calls) for intent in opened if intent.operation == "addPhones")
