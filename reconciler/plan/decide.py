"""What to do about one wanted call, given what is remembered of it: the middle of the plan table in docs/plan.md.

Statuses in the lock are up to date when this runs: what the server reported was folded in before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from reconciler.lock.model import CallStatus, LockedCall
from reconciler.lock.waves import is_newer
from reconciler.plan.model import (
    Add,
    Blocked,
    Cancel,
    Deferred,
    Drifted,
    Frozen,
    Note,
    Reason,
    Replace,
    subject_of,
)
from reconciler.plan.wanted import Wanted

_DOUBT = {
    CallStatus.UNKNOWN: Reason.UNKNOWN_STATUS,
    CallStatus.MISSING: Reason.MISSING,
    CallStatus.IN_DOUBT: Reason.IN_DOUBT,
}
_UNDER_WAY = {CallStatus.IN_PROCESS: Reason.BEING_CALLED, CallStatus.CANCELLING: Reason.CANCELLING}


def decide_wanted(
    wanted: Wanted, locked: LockedCall | None, *, attempts: int = 0, adds_after_others: bool = False
) -> Add | Replace | Note | None:
    """The action or note for a call that is wanted; None when it is in step. `attempts` were made by its job."""
    if locked is None:
        return Add(wanted, Reason.NEW)
    status, is_same = locked.status, locked.request == wanted.request
    if status in _DOUBT:
        return Blocked(subject_of(wanted), _DOUBT[status])
    if status.is_cancelled_by_others and not adds_after_others:
        return Drifted(subject_of(wanted))
    if status is CallStatus.REJECTED and is_same:
        return Blocked(subject_of(wanted), Reason.REJECTED)
    if status in _AGAIN:
        return _again(wanted, locked)
    if status is CallStatus.CANCELLING:
        return Deferred(subject_of(wanted), Reason.CANCELLING)
    return None if is_same else _changed(wanted, locked, attempts)


_AGAIN = {
    CallStatus.CANCELLED: Reason.AGAIN_AFTER_CANCEL,
    CallStatus.NOT_DONE: Reason.AGAIN_AFTER_NOT_DONE,
    CallStatus.REJECTED: Reason.AGAIN_AFTER_REJECTION,
    CallStatus.CANCELLED_BY_OTHERS: Reason.AGAIN_AFTER_OTHERS,
}


IN_STEP = frozenset(CallStatus) - {
    *_DOUBT,
    *_AGAIN,
    CallStatus.CANCELLING,
    CallStatus.CANCELLED_BY_OTHERS_REACHED,
}
"""Nothing is to do about a wanted call that has one of these statuses and is remembered as it is wanted."""


def _again(wanted: Wanted, locked: LockedCall) -> Add:
    return Add(wanted, _AGAIN[locked.status], locked)


def _changed(wanted: Wanted, locked: LockedCall, attempts: int) -> Replace | Note:
    if locked.status.is_waiting:
        return Replace(wanted, locked, attempts)
    if locked.status is CallStatus.IN_PROCESS:
        return Deferred(subject_of(wanted), Reason.BEING_CALLED)
    return Frozen(subject_of(wanted))


def decide_unwanted(locked: LockedCall, reason: Reason) -> Cancel | Note | None:
    """The action or note for a call that is remembered and not wanted; None when nothing can ring any more.

    A status nobody knows is cancelled all the same: taking back is the safe direction. A job that is missing or in
    doubt has no id the server would accept.
    """
    status = locked.status
    if status.is_waiting or status in (CallStatus.IN_PROCESS, CallStatus.UNKNOWN):
        return Cancel(locked, reason)
    if status is CallStatus.CANCELLING:
        return Deferred(subject_of(locked), Reason.CANCELLING)
    if status in _DOUBT:
        return Blocked(subject_of(locked), _DOUBT[status])
    return None


RESTING = frozenset(CallStatus) - {
    *_DOUBT,
    CallStatus.PLANNED,
    CallStatus.ON_RETRY,
    CallStatus.IN_PROCESS,
    CallStatus.CANCELLING,
}
"""Nothing is to do about a call that has one of these statuses and is not wanted."""


def decide_conflict(
    wanted: Wanted,
    others: Iterable[LockedCall],
    *,
    cancelled: Collection[tuple[str, str]],
    adds_after_others: bool,
    waves: Sequence[str] = (),
) -> Note | None:
    """Why `wanted` must not get a job although its own entry allows it; None when nothing speaks against it.

    `others` are the remembered calls of the same phone, and of the same key in other waves; `cancelled` are the ids
    of calls this plan takes back. A queued call that is taken back is no conflict: the add waits until it is gone.
    `waves` are those of the lock in the order in which they were begun.
    """
    notes = (_conflict(wanted, other, cancelled, adds_after_others, waves) for other in others)
    return next((note for note in notes if note is not None), None)


def _conflict(
    wanted: Wanted,
    other: LockedCall,
    cancelled: Collection[tuple[str, str]],
    adds_after_others: bool,
    waves: Sequence[str],
) -> Note | None:
    status, subject = other.status, subject_of(wanted)
    if status.is_cancelled_by_others and not adds_after_others:
        return Drifted(subject)
    if other.key != wanted.key and wanted.call.is_same_phone_allowed:
        return None
    if status in _DOUBT:
        return Blocked(subject, _DOUBT[status])
    if status in _UNDER_WAY:
        return Deferred(subject, _UNDER_WAY[status])
    is_called_now = status.is_called and other.wave == wanted.call.wave
    if is_called_now or (status.is_live and other.call_id not in cancelled):
        return Blocked(subject, Reason.SAME_PHONE)
    # Whoever goes back to an older wave undoes something; that is not asking to call again who was called since.
    if status.is_called and is_newer(waves, other.wave, wanted.call.wave):
        return Blocked(subject, Reason.NEWER_WAVE)
    return None
