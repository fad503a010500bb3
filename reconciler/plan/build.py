"""From a diff to a plan: campaign moves, guards, changed settings and the id of what it was all computed from."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import assert_never

import msgspec

from reconciler.calls.model import CampaignState
from reconciler.errors import Refusal, Unreadable
from reconciler.lock.erasure import Graves
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, Lock
from reconciler.lock.settings import remembered
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Desired
from reconciler.plan.cap import CallAction, Usage, hold_caps
from reconciler.plan.diff import NOBODY, NOTHING, Aside, CallDiff, Observed
from reconciler.plan.fresh import NONE, Fresh
from reconciler.plan.guards import Scope, hold_guards
from reconciler.plan.line import Line
from reconciler.plan.load import Load
from reconciler.plan.model import (
    Action,
    Actions,
    Add,
    Adopt,
    Blocked,
    Cancel,
    Held,
    LongActions,
    Move,
    Note,
    Pause,
    Plan,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
    counted,
    fresh,
    known,
    subject_of,
)
from reconciler.plan.moved import Moved, find_moved
from reconciler.plan.rollout import roll_out
from reconciler.plan.settings import setting_changes
from reconciler.plan.singly import taken_singly
from reconciler.plan.sizes import list_changes, suppression_changes
from reconciler.plan.standing import Standing
from reconciler.plan.state import effective_state, state_move
from reconciler.plan.warnings import finished_warning, moved_warning


def make_plan(
    campaign: Campaign,
    desired: Desired,
    lock: Lock,
    observed: Observed,
    keyer: Keyer,
    *,
    allowed: Mapping[str, float] | None = None,
    aside: Aside = NOTHING,
    now_ms: int = 0,
    usage: Usage | None = None,
    graves: Graves = NOBODY,
) -> Plan:
    """The plan. `lock` is refreshed already; `allowed` are the amounts of `--allow`, by guard option.

    `now_ms` (Unix milliseconds) is what a rollout's gate waits by; without it none has waited long enough.

    Of a long list and its lock only what is not in step is given; `aside` tells of the rest. `usage` holds the caps
    that are in force, and what other campaigns count towards them; `graves` tells who was erased from other locks.

    Raises Refusal when the campaign is gone, or is finished and would need more calls, and Unreadable when it would
    need more and may have jobs of the same people that the server does not list.
    """
    if aside.fresh:
        desired, aside = taken_singly(campaign, desired, aside, observed, keyer, usage, graves)
    diff = CallDiff(campaign, desired, lock, observed, keyer, aside, graves)
    wanted = len(diff.wanted) + aside.in_step + len(aside.fresh)
    # Caps first: a rollout's step is not to be filled with calls that are held back.
    within, capped = hold_caps(usage, diff.actions(), (*lock.calls.values(), *aside.known), lock.header)
    calls, new, rollout = _rolled_out(campaign, lock, within, wanted, aside, now_ms)
    state = _desired_state(campaign, rollout)
    move = state_move(state, observed, lock.header)
    actions, notes = _arranged(campaign, move, calls, new, (*diff.notes, *capped, *_held(rollout)))
    now = effective_state(observed, lock.header)
    _refuse_lost(campaign, now, actions)
    _refuse_unseen(campaign, observed, actions)
    moved = find_moved(diff.changed, keyer)
    scope = _scope(desired, lock, aside, keyer, moved)
    return Plan(
        campaign=campaign.name,
        host=campaign.host,
        dialect=observed.dialect,
        desired_state=state,
        observed_state=observed.state,
        is_refreshed=observed.is_refreshed,
        wanted=wanted,
        suppressed=len(desired.calls) - len(diff.wanted) - diff.erased + aside.suppressed,
        in_step=diff.in_step,
        actions=actions,
        notes=notes,
        settings=setting_changes(lock, remembered(campaign.policy, campaign.payload, keyer)),
        guards=hold_guards(campaign.guards, actions, scope, allowed or {}),
        plan_id=_plan_id(lock, actions),
        rollout=rollout,
        warnings=(*moved_warning(campaign, moved), *finished_warning(campaign, now)),
        load=_load(observed, scope.live, actions),
    )


def _desired_state(campaign: Campaign, rollout: Standing | None) -> str:
    """The state to be brought about: a rollout that went wrong pauses a campaign that is to run."""
    return "paused" if rollout and rollout.pauses_now and campaign.state == "running" else campaign.state


def _held(rollout: Standing | None) -> tuple[Held, ...]:
    return (Held(rollout.held),) if rollout and rollout.held else ()


def _arranged(
    campaign: Campaign, move: Move | Blocked | None, calls: list[CallAction], new: Fresh, notes: tuple[Note, ...]
) -> tuple[Actions, tuple[Note, ...]]:
    """The actions in their order, with the campaign's move among them, or a note that it is blocked."""
    if isinstance(move, Blocked):
        actions, notes = in_order(calls, None, new), (move, *notes)
    else:
        actions = in_order(calls, move, new)
    return _only_stop(actions, notes) if campaign.state == "stopped" else (actions, notes)


def _rolled_out(
    campaign: Campaign, lock: Lock, actions: list[CallAction], wanted: int, aside: Aside, now_ms: int
) -> tuple[list[CallAction], Fresh, Standing | None]:
    """The actions and the fresh calls without those that wait for a later step of the rollout, and where it stands."""
    if campaign.rollout is None or campaign.state == "stopped":
        return actions, aside.fresh, None
    statuses = lock.statuses(campaign.wave) if aside.statuses is None else aside.statuses
    line = Line([action for action in actions if isinstance(action, Add)], wanted, aside.fresh)
    chosen, standing = roll_out(campaign.rollout, lock.header, campaign.wave, statuses, line, now_ms)
    kept = {add.wanted.key for add in chosen.adds}
    return [a for a in actions if not isinstance(a, Add) or a.wanted.key in kept], chosen.fresh, standing


def in_order(calls: list[CallAction], move: Move | None, new: Fresh = NONE) -> Actions:
    """The actions in the order of doing them, the safe direction first; the fresh calls are added after the others."""
    first = [move] if isinstance(move, Pause | Stop) else []
    last = [move] if isinstance(move, Start | Resume) else []
    before = (*first, *sorted(calls, key=_phase))
    return LongActions(before, new, last) if new else (*before, *last)


def _scope(desired: Desired, lock: Lock, aside: Aside, keyer: Keyer, moved: Moved | None) -> Scope:
    statuses = [call.status for call in lock.calls.values()]
    # What waits for a step of a rollout is remembered by the length of its list alone.
    seen = sum(lock.header.lists.values()) if lock.header.rollout else 0
    return Scope(
        # A status nobody knows may ring, and is taken back like one that does.
        live=aside.live + sum(status.is_live or status is CallStatus.UNKNOWN for status in statuses),
        remembered=max(aside.remembered + len(statuses), seen),
        waiting=aside.waiting + sum(status.is_waiting for status in statuses),
        lists=list_changes(lock.header, desired.sizes, keyer),
        suppressions=suppression_changes(lock.header, desired.sizes, keyer),
        is_moved=moved is not None,
    )


def _load(observed: Observed, live: int, actions: Actions) -> Load:
    """The calls that are live once the actions are done, and how fast the campaign is."""
    adds = counted(actions).add
    cancels = sum(isinstance(action, Cancel) and action.locked.status.is_live for action in known(actions))
    details = observed.details
    if details is None:
        return Load(live + adds - cancels)
    lines, called = details.max_simultaneous_calls, details.processed_numbers
    return Load(live + adds - cancels, lines, called, details.used_talking_time_s)


def _phase(action: Add | Cancel | Replace | Adopt) -> int:
    """Bookkeeping, then what is taken back, then what rings; the sort is stable within a phase."""
    match action:
        case Adopt():
            return 0
        case Cancel():
            return 1
        case Replace():
            return 2
        case Add():
            return 3
        case _:
            assert_never(action)


def _only_stop(actions: Actions, notes: tuple[Note, ...]) -> tuple[Actions, tuple[Note, ...]]:
    """A campaign that is to be stopped: stopping takes every queued call back, and nothing is added to it."""
    left_out = (a.wanted for a in actions if isinstance(a, Add | Replace))
    stays = tuple(action for action in actions if isinstance(action, Stop | Adopt))
    return stays, (*notes, *(Blocked(subject_of(wanted), Reason.CAMPAIGN_STOPPED) for wanted in left_out))


def _refuse_lost(campaign: Campaign, state: CampaignState | None, actions: Actions) -> None:
    """Raises Refusal when the campaign can take no calls and would need more."""
    if state is CampaignState.DELETED:
        raise Refusal(f"campaign {campaign.name} is deleted on the server; make a new one and give its token")
    adds = counted(actions).rings
    if state is CampaignState.FINISHED and adds:
        raise Refusal(
            f"campaign {campaign.name} is finished and takes no more calls, but {adds} would have to be added; "
            "make a new campaign and give its token, or take the new calls out of the lists"
        )


def _refuse_unseen(campaign: Campaign, observed: Observed, actions: Actions) -> None:
    """Raises Unreadable when calls would be added while the server lists fewer jobs than it says there are.

    Only then: taking back and pausing need no list.
    """
    unseen = observed.unseen
    if unseen and campaign.foreign == "block" and counted(actions).rings:
        raise Unreadable(
            "getReportByDate",
            f"the server says it has {unseen.counted:,} numbers and lists {unseen.listed:,} jobs",
            "people whose jobs it leaves out would be called again; nothing was sent: try again later",
        )


def _plan_id(lock: Lock, actions: Actions) -> str:
    """16 hex digits that change with any action and with the lock it was computed from."""
    origin = "" if lock.is_new else f"{lock.header.lineage}:{lock.header.serial}"
    digest = blake2b(origin.encode(), digest_size=8)
    digest.update(b"".join(sorted(map(_encode, map(_identity, known(actions))))))
    if fresh(actions):
        digest.update(fresh(actions).digest())
    return digest.hexdigest()


_encode = msgspec.json.Encoder().encode


def _identity(action: Action) -> tuple[str, ...]:
    match action:
        case Add(wanted):
            return ("add", *wanted.call_id, wanted.request)
        case Cancel(locked):
            return ("cancel", *locked.call_id, locked.job_id)
        case Replace(wanted, locked):
            return ("replace", *wanted.call_id, wanted.request, locked.job_id)
        case Adopt(wanted, locked):
            return ("adopt", *wanted.call_id, locked.job_id)
        case Start() | Pause() | Resume() | Stop():
            return (type(action).__name__.lower(),)
        case _:
            assert_never(action)
