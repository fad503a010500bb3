"""A plan in a sentence or two: whose phones ring because of it, whose calls are taken back, and when."""

from __future__ import annotations

from collections import Counter
from typing import assert_never

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus
from reconciler.plan.model import Cancel, Counts, Pause, Plan, Reason, Resume, Start, Stop, known
from reconciler.render.groups import ADD, BLOCKED, REPLACE, CallGroup, Outline
from reconciler.render.rollout import aborted
from reconciler.render.words import count, listing, number

_NEW, _WAVE, _AGAIN, _CHANGED = "new", "in a new wave", "wanted again", "queued again with changed data"
_KIND_OF_ADD: dict[Reason | None, str] = {Reason.NEW: _NEW, Reason.NEW_WAVE: _WAVE}


def headline(plan: Plan, shape: Outline) -> tuple[str, ...]:
    """What `plan`, of this `shape`, does to people's phones, in one to a few sentences."""
    parts = [_calls(plan, shape), *(_move(plan, move) for move in shape.moves)]
    said = [part for part in parts if part] or [f"Nothing to do: {count(plan.in_step, 'call')} in step."]
    return (*said, *_aborted(plan), *_waiting_for_a_person(shape))


def totals(n: Counts, in_step: int) -> str:
    """All of a plan in one line that is easy to search for."""
    kinds = [f"{number(n.add)} to add", f"{number(n.cancel)} to cancel", f"{number(n.replace)} to replace"]
    kinds += [f"{number(n.adopt)} to adopt", count(n.move, "move")]
    return f"Plan: {', '.join(kinds)}; {number(in_step)} in step."


def _calls(plan: Plan, shape: Outline) -> str:
    n = shape.counts
    taken_back = _taken_back(plan, n)
    if n.rings:
        ring = f"{count(n.rings, 'phone')} will ring{_when(plan, shape)} ({_which(shape)})"
        return f"{ring}; {taken_back}." if taken_back else f"{ring}."
    if taken_back:
        return f"No additional phone will ring; {taken_back}."
    if n.adopt:
        moves = "call moves" if n.adopt == 1 else "calls move"
        return f"No additional phone will ring; {number(n.adopt)} {moves} to a new key, without a request."
    return ""


def _taken_back(plan: Plan, n: Counts) -> str:
    """The cancelled calls in words: a call in progress cannot be taken back, only not tried again."""
    in_progress = sum(isinstance(a, Cancel) and a.locked.status is CallStatus.IN_PROCESS for a in known(plan.actions))
    queued = n.taken_back - in_progress
    parts = [f"{_are(queued, 'queued call')} taken back"] if queued else []
    parts += [f"{_are(in_progress, 'call')} in progress and not tried again"] if in_progress else []
    return listing(parts) if parts else ""


def _are(n: int, what: str) -> str:
    return f"{count(n, what)} {'is' if n == 1 else 'are'}"


def _which(shape: Outline) -> str:
    kinds: Counter[str] = Counter()
    for group in shape.groups:
        if group.kind in (ADD, REPLACE):
            kinds[_kind(group)] += group.count
    if len(kinds) == 1:
        [(kind, n)] = kinds.items()
        return kind if n == 1 else f"all {kind}"
    return ", ".join(f"{number(kinds[kind])} {kind}" for kind in (_NEW, _WAVE, _AGAIN, _CHANGED) if kinds[kind])


def _kind(group: CallGroup) -> str:
    return _CHANGED if group.kind == REPLACE else _KIND_OF_ADD.get(group.reason, _AGAIN)


def _when(plan: Plan, shape: Outline) -> str:
    """When the added calls ring, if it is not as soon as their policy allows."""
    if any(group.reason is Reason.START_IN_WEB for group in shape.groups):
        return " once the campaign is started in the web interface"
    if plan.desired_state != "running":
        return " once the campaign runs"
    if plan.observed_state is CampaignState.SCHEDULED:
        return " once the campaign's scheduled start has come"
    return ""


def _move(plan: Plan, move: Start | Pause | Resume | Stop) -> str:
    # A plan knows how many calls it leaves alone, not how many of them are still queued; so this names no number.
    others = ": calls already queued in it may ring too" if plan.in_step else ""
    match move:
        case Start():
            return f"The campaign is started{others}."
        case Resume():
            return f"The campaign is resumed{others}."
        case Pause():
            return "The campaign is paused: nothing more rings until it is resumed."
        case Stop():
            return "The campaign is stopped for good: nothing more rings, and it cannot be started again."
        case _:
            assert_never(move)


def _aborted(plan: Plan) -> list[str]:
    if plan.rollout is None or not plan.rollout.is_aborted:
        return []
    why = aborted(plan.rollout)
    return [f"{why[0].upper()}{why[1:]}; nobody more is called until somebody decides."]


def _waiting_for_a_person(shape: Outline) -> list[str]:
    blocked = [group for group in shape.groups if group.kind == BLOCKED]
    capped = sum(group.count for group in blocked if group.reason is Reason.CAPPED)
    # A rejected number waits for better data, perhaps for good: that is no news, its group says it.
    others = (group for group in blocked if group.reason not in (Reason.CAPPED, Reason.REJECTED))
    n = sum(group.count for group in others)
    decided = [f"{_are(n, 'call')} blocked until somebody decides, see below."] if n else []
    waiting = [f"{_are(capped, 'call')} over a cap and added later, see below."] if capped else []
    return [*decided, *waiting]
