"""One apply of one campaign from lock to lock: hold, recover, read, plan, ask, do, write down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

import msgspec

from reconciler.apply.book import Book
from reconciler.apply.clock import Clock, StopRequest
from reconciler.apply.engine import apply_plan, forget_refusal, remember_settings, remember_state
from reconciler.apply.lost import find_lost
from reconciler.apply.recover import recover
from reconciler.apply.rollout import begin_step, end_step, refuse_aborted
from reconciler.apply.run import Options, Run, Tally
from reconciler.calls.client import CallsClient
from reconciler.errors import (
    GuardTripped,
    LockError,
    OutcomeUnknown,
    ReconcilerError,
    Refusal,
    StalePlan,
    calls_text,
)
from reconciler.lock.days import day_of, settled
from reconciler.lock.journal import OpenIntent, with_doubts
from reconciler.lock.model import CallStatus
from reconciler.lock.stores import Store
from reconciler.lock.waves import with_waves
from reconciler.manifest.model import Campaign
from reconciler.phones.model import CallSource
from reconciler.phones.watch import UNWATCHED, Watch
from reconciler.plan.build import make_plan
from reconciler.plan.cap import Usage
from reconciler.plan.diff import refreshed
from reconciler.plan.model import Plan
from reconciler.plan.saved import Basis
from reconciler.plan.sizes import with_sizes
from reconciler.plan.together import Together
from reconciler.read.basis import basis_of
from reconciler.read.destinations import Destinations
from reconciler.read.observed import Server, needs_first
from reconciler.read.remembered import UNUSED_SECRET, read_remembered
from reconciler.read.sieve import Sifted, sift


def _uncapped() -> None:
    """No cap is in force."""


class Session(msgspec.Struct, frozen=True):
    """What one apply is about. `approve` shows the plan and says whether to go on.

    `demand` holds the plan, and what it was computed from, against the one that was asked for: it says so and returns
    the plan with the guards as they were approved, or raises StalePlan.
    """

    campaign: Campaign
    desired: CallSource
    store: Store
    client: CallsClient
    token: str
    approve: Callable[[Plan], bool]
    demand: Callable[[Plan, Basis, Callable[[str], None]], Plan] | None = None
    secret: str | None = None
    allowed: Mapping[str, float] = {}
    is_first: bool = False
    command: str = "campaign apply"
    watch: Watch = UNWATCHED
    usage: Callable[[], Usage | None] = _uncapped  # asked while the lock is held
    together: Together | None = None  # what the campaigns of this run do together
    destinations: Destinations = msgspec.field(default_factory=Destinations)  # where they lead to


class Voice(msgspec.Struct, frozen=True):
    """How a run talks: messages now, and how many more calls are done."""

    say: Callable[[str], None]
    advance: Callable[[int], None]


def apply_campaign(
    session: Session, options: Options, clock: Clock, stop: StopRequest, voice: Voice, tally: Tally
) -> None:
    """Makes the campaign what it should be, or as much of it as is safe; `tally` holds what was done.

    Raises LockHeld, Refusal and StalePlan with nothing done, GuardTripped when only the safe part of the plan was done,
    OutcomeUnknown when something is in doubt, CallsError, Interrupted and LockError when it went no further; the exit
    code of these says whether they left something in doubt.
    """
    with session.store.hold(session.command):
        remembered = read_remembered(session.store, session.campaign, session.secret, session.token)
        if session.secret and remembered.is_salted:
            voice.say(UNUSED_SECRET)
        sifted = sift(session.campaign, session.desired, remembered.lock, remembered.keyer)
        server = Server(session.client, session.campaign, remembered.keyer, session.token)
        server.refuse_shared_campaign(session.store, session.secret, session.destinations)
        server.refuse_other_campaign(remembered.lock)
        book = Book(session.store, remembered)
        run = Run(
            session.client,
            book,
            remembered.keyer,
            clock,
            stop,
            options,
            tally,
            voice.say,
            voice.advance,
            session.desired.suppressed_now,
            graves=remembered.graves,
        )
        book.set_header(server.header(with_waves(book.lock, session.campaign.waves).header))
        try:
            _recover_and_do(session, run, server, sifted)
        except (OutcomeUnknown, Refusal, StalePlan):
            raise
        except Exception as error:
            if book.opened:
                voice.say("the outcome of some request is unknown; it is recorded, and the next apply asks for it")
                error.exit_code = OutcomeUnknown.exit_code  # type: ignore[attr-defined] # whatever it is
            raise


def _recover_and_do(session: Session, run: Run, server: Server, sifted: Sifted) -> None:
    had_open_intents = bool(run.book.opened)
    carried = recover(run)
    find_lost(run, session.desired)
    if had_open_intents:
        server = Server(session.client, session.campaign, run.keyer, session.token)
    _plan_and_do(session, run, server, sifted, carried)


def _plan_and_do(session: Session, run: Run, server: Server, sifted: Sifted, carried: tuple[OpenIntent, ...]) -> None:
    book = run.book
    doubted = tuple(entry for entry in book.opened if entry not in carried)
    lock = with_doubts(book.lock, doubted)
    observed = server.observe(lock, has_open_intents=bool(book.opened), watch=session.watch)
    if needs_first(lock, observed.dialect) and not session.is_first:
        raise Refusal(
            f"campaign {session.campaign.name} has no lockfile, and this server cannot say whether it has calls "
            "already; if nobody was ever added to it, apply once with --first"
        )
    desired, compared, aside = sifted.compared(refreshed(lock, observed), observed)
    plan = make_plan(
        session.campaign,
        desired,
        compared,
        observed,
        run.keyer,
        allowed=session.allowed,
        aside=aside,
        now_ms=run.now_ms(),
        usage=session.usage(),
        graves=run.graves,
    )
    if session.demand is not None:
        basis = basis_of(session.campaign, book.lock, server, sifted, run.keyer)
        plan = session.demand(plan, basis, run.say)
    if session.together is not None:
        plan = session.together.hold(plan, session.campaign.run_guards, session.allowed)
    if not session.approve(plan):
        if session.together is not None:
            session.together.give_back(plan)
        return
    book.refresh(refreshed(book.lock, observed))
    book.set_header(settled(book.lock, day_of(run.now_ms())))
    forget_refusal(run, observed.state)
    remember_state(run, observed.state)
    if not plan.tripped:  # a list that a guard holds back is not the one the next is held against
        book.set_header(with_sizes(book.header, session.desired.sizes, run.keyer))
    if book.lock.is_new and plan.actions:
        _appear(session, run, server)
    _do(session, run, plan, carried)


def _appear(session: Session, run: Run, server: Server) -> None:
    """Writes the first lockfile, and only then looks for others that lead to the same campaign.

    Of two runs that begin at once at least one sees the other: each looks after the other can see it.
    """
    run.book.save()
    server.refuse_shared_campaign(session.store, session.secret, session.destinations)


def _do(session: Session, run: Run, plan: Plan, carried: tuple[OpenIntent, ...]) -> None:
    try:
        begin_step(run, plan)
        apply_plan(run, plan, carried)
        end_step(run)
        remember_settings(run, session.campaign)
        run.book.set_header(
            settled(run.book.lock, day_of(run.now_ms()))
        )  # what was taken back may be the last of a day
    except LockError:
        raise  # the disk does not take our records: leave everything as the last durable one says
    except ReconcilerError:  # not what nobody foresaw: the journal holds all there is, and memory may not
        end_step(run)
        run.book.save()
        _count_unknown(run)
        raise
    run.book.save()
    _count_unknown(run)
    if run.tally.unknown:
        raise OutcomeUnknown(
            f"the outcome for {calls_text(run.tally.unknown)} is unknown; apply again, or `campaign resolve`"
        )
    if plan.tripped:
        options = " ".join(f"--allow {guard.option}={ceil(round(guard.amount, 9))}" for guard in plan.tripped)
        raise GuardTripped(f"a guard of the manifest held part of the plan back; to let it pass: {options}")
    refuse_aborted(plan)


def _count_unknown(run: Run) -> None:
    """Calls of open requests, and those the lockfile remembers as in doubt since their journal was lost."""
    run.tally.unknown = len(with_doubts(run.book.lock, run.book.opened).with_status({CallStatus.IN_DOUBT}))
