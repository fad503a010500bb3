"""An apply, in the order that is safe: pause or stop, take back, confirm, add, confirm, start or resume.

What the cancels became decides what may be added: a call that was reached before it could be taken back is not added
again, and nobody is added while an older job of theirs may still ring.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reconciler.apply.adds import take_up
from reconciler.apply.batch import ToAdd, all_batches
from reconciler.apply.cancels import cancel_calls
from reconciler.apply.flights import add_batches
from reconciler.apply.moves import make_move
from reconciler.apply.postponed import settle_postponed
from reconciler.apply.run import Run
from reconciler.calls.model import CampaignState
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.lock.settings import remembered
from reconciler.manifest.model import Campaign
from reconciler.plan.decide import decide_conflict
from reconciler.plan.fresh import Fresh
from reconciler.plan.guards import permitted
from reconciler.plan.model import Action, Add, Adopt, Cancel, Pause, Plan, Replace, Resume, Start, Stop, fresh, known
from reconciler.plan.state import START_REFUSED, is_as_moved


def apply_plan(run: Run, plan: Plan, carried: Sequence[OpenIntent] = ()) -> None:
    """Does what `plan` says and its guards permit; `run.tally` holds what was done, whatever is raised.

    Raises CallsError when the server refuses, OutcomeUnknown when nobody can tell, Interrupted when asked to stop.
    """
    actions = permitted(plan.actions, plan.guards)
    run.tally.withheld = len(plan.actions) - len(actions)
    decided = known(actions)
    for action in decided:
        if isinstance(action, Pause | Stop):
            make_move(run, action)
    adopts = [action for action in decided if isinstance(action, Adopt)]
    if adopts:
        run.book.adopt(adopts)
        run.tally.adopted = len(adopts)
        run.book.save()  # the journal does not tell of it, and what follows is recorded under the new keys
    replaces = [action for action in decided if isinstance(action, Replace)]
    stuck = _cancel(run, [action.locked for action in decided if isinstance(action, Cancel)], replaces)
    try:
        _add(run, _to_add(run, decided, replaces), fresh(actions), stuck, carried)
    finally:
        _count_replaced(run, replaces)
    for action in decided:
        if isinstance(action, Start | Resume):
            make_move(run, action)


def _cancel(run: Run, cancels: list[LockedCall], replaces: list[Replace]) -> dict[str, list[LockedCall]]:
    """Takes back; returns what could not be, by digest of phone and of key."""
    asked = [*cancels, *(action.locked for action in replaces)]
    cancel_calls(run, asked)
    # A replaced call was not taken back for good; it is counted when it is added.
    now = _now(run, asked)
    run.tally.cancelled -= sum(call.status is CallStatus.CANCELLED for call in now[len(cancels) :])
    stuck: dict[str, list[LockedCall]] = {}
    for call in now:
        if not call.status.is_free:
            stuck.setdefault(call.phone, []).append(call)
            stuck.setdefault(call.key, []).append(call)
    return stuck


def _now(run: Run, calls: Sequence[LockedCall]) -> list[LockedCall]:
    return run.book.lock.pick([call.call_id for call in calls])


def _add(
    run: Run, calls: list[ToAdd], new: Fresh, stuck: dict[str, list[LockedCall]], carried: Sequence[OpenIntent]
) -> None:
    waves = run.book.header.waves
    free = [call for call in calls if not _is_in_the_way(call, stuck, waves)] if stuck else calls
    run.tally.deferred += len(calls) - len(free)
    # Whoever a request of an earlier run is about has no job and no doubt in the lock, so may be among the new ones.
    sent, new = new.apart({call.key for entry in carried for call in entry.intent.calls})
    left = take_up(run, carried, [*free, *map(ToAdd, sent)])
    # Nothing is remembered of the new ones, so nothing that could not be taken back is in their way.
    add_batches(run, all_batches(left, new, run.options.batch))
    settle_postponed(run)


def _to_add(run: Run, actions: Sequence[Action], replaces: list[Replace]) -> list[ToAdd]:
    """What is to be added by these actions, in their order; `replaces` are those among them."""
    now = iter(_now(run, [action.locked for action in replaces]))
    adds = (action for action in actions if isinstance(action, Add | Replace))
    return [ToAdd(action.wanted, action.before if isinstance(action, Add) else next(now)) for action in adds]


def _is_in_the_way(call: ToAdd, stuck: dict[str, list[LockedCall]], waves: Sequence[str]) -> bool:
    """Whether a job that could not be taken back may ring this person, or rang meanwhile, in this wave or later."""
    wanted = call.wanted
    others = [*stuck.get(wanted.phone, ()), *stuck.get(wanted.key, ())]
    is_own = any(other.call_id == wanted.call_id for other in others)
    return is_own or decide_conflict(wanted, others, cancelled=(), adds_after_others=False, waves=waves) is not None


def _count_replaced(run: Run, replaces: list[Replace]) -> None:
    """A replaced call was added too; here it is counted once, as replaced."""
    now = _now(run, [action.locked for action in replaces])
    replaced = sum(call.job_id not in ("", a.locked.job_id) for call, a in zip(now, replaces, strict=True))
    run.tally.replaced += replaced
    run.tally.added -= replaced


def remember_settings(run: Run, campaign: Campaign) -> None:
    """Takes the campaign-level settings that were applied into the lock, secrets digested.

    While something is held back they are not applied yet, and the next plan shows them again.
    """
    if run.tally.withheld:
        return
    settings = remembered(campaign.policy, campaign.payload, run.keyer)
    run.book.set_header(msgspec.structs.replace(run.book.header, **settings))


def remember_state(run: Run, observed: CampaignState | None) -> None:
    """Takes the campaign's state into the lock: if it is another later, nobody here made it so.

    What the last control led to needs no word more, and a move that follows takes the place of all of it. A server that
    does not tell leaves nothing to compare with.
    """
    header = run.book.header
    if observed is not None:
        is_known = is_as_moved(header, observed)
        run.book.set_header(msgspec.structs.replace(header, state="" if is_known else observed.value))


def forget_refusal(run: Run, state: CampaignState | None) -> None:
    """Once the campaign is no longer new, it was started after all."""
    header = run.book.header
    if header.control == START_REFUSED and state not in (CampaignState.NEW, None):
        run.book.set_header(msgspec.structs.replace(header, control=""))
