"""What changed on the server without an apply from here: the report against what the lock remembered before it. Pure.

Calls that go their way (queued, called, talked) are no drift, and neither is what a commit changes: that is the plan.
It is drift until an apply has taken note of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.calls.masks import mask
from reconciler.calls.model import CampaignState, Control
from reconciler.lock.model import CallStatus, Header, Lock, LockedCall
from reconciler.manifest.model import Campaign
from reconciler.plan.diff import Observed
from reconciler.plan.model import Drift, DriftedCalls, DriftKind, StateDrift
from reconciler.plan.state import START_REFUSED, state_after

_KINDS = {
    DriftKind.CANCELLED: {CallStatus.CANCELLED_BY_OTHERS, CallStatus.CANCELLED_BY_OTHERS_REACHED},
    DriftKind.ENDED: {CallStatus.NOT_DONE},
    DriftKind.MISSING: {CallStatus.MISSING},
    DriftKind.UNKNOWN: {CallStatus.UNKNOWN},
}
_LIVE = {status for status in CallStatus if status.is_live}

_BY_ITSELF = {
    (CampaignState.SCHEDULED, CampaignState.RUNNING),  # its time has come
    (CampaignState.RUNNING, CampaignState.SCHEDULED),  # started, but its time has not come
}


def find_drift(campaign: Campaign, before: Lock, now: Lock, observed: Observed) -> Drift:
    """What changed between `before` and `now`, the same lock with the report in it, and in the campaign itself."""
    found = (DriftedCalls(kind, _turned(before, now, kind)) for kind in _KINDS)
    groups = tuple(each for each in found if each.calls and not _was_ours(each.kind, before.header))
    foreign = () if campaign.foreign == "allow" else tuple(mask(job.phone) for job in observed.foreign)
    is_cut_short = any(each.kind is DriftKind.ENDED for each in groups) or _has_live(now)
    return Drift(_state_drift(before.header, observed.state, is_cut_short=is_cut_short), groups, foreign)


def _was_ours(kind: DriftKind, header: Header) -> bool:
    """A campaign that was stopped from here was to end before all were called."""
    return kind is DriftKind.ENDED and header.control == Control.STOP


def _turned(before: Lock, now: Lock, kind: DriftKind) -> tuple[LockedCall, ...]:
    """The calls, as they were, that became so."""
    then, later, statuses = before.ledger, now.ledger, _KINDS[kind]
    lines: list[LockedCall] = []
    others: Iterable[LockedCall] = before.calls.values()
    if then is not None and later is not None:
        turned = then.holds & later.are(statuses) & ~then.are(statuses)
        lines, others = then.calls(turned.nonzero()[0]), then.later()
    rest = (each for each in others if each.status not in statuses and _status(now, each) in statuses)
    return (*lines, *rest)


def _status(lock: Lock, call: LockedCall) -> CallStatus | None:
    found = lock.calls.get(call.call_id)
    return found.status if found else None


def _has_live(lock: Lock) -> bool:
    ledger = lock.ledger
    if ledger is None:
        return any(call.status.is_live for call in lock.calls.values())
    return bool((ledger.holds & ledger.are(_LIVE)).any()) or any(call.status.is_live for call in ledger.later())


def _state_drift(header: Header, now: CampaignState | None, *, is_cut_short: bool) -> StateDrift | None:
    """How the campaign's state differs from what it was last known to be, unless it got there by itself or as asked."""
    then = CampaignState(header.state) if header.state else state_after(header)
    if then is None or now is None or then is now or (then, now) in _BY_ITSELF:
        return None
    is_over = now is CampaignState.FINISHED and then is CampaignState.RUNNING and not is_cut_short
    is_started_as_asked = header.control == START_REFUSED and now is not CampaignState.DELETED
    return None if is_over or is_started_as_asked else StateDrift(then, now)
