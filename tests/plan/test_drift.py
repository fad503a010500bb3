"""Drift is what changed on the server without an apply from here: nothing that a call does by itself, no commit."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState, JobStatus
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Lock, LockedCall
from reconciler.plan.diff import refreshed
from reconciler.plan.drift import find_drift
from reconciler.plan.model import Drift, DriftedCalls, DriftKind, StateDrift
from tests.plan.values import call, campaign, job, lock_of, observed, remembered

NONE = Drift()


def drift(
    lock: Lock, *statuses: JobStatus, state: CampaignState | None = CampaignState.RUNNING, foreign: str = "block"
) -> Drift:
    """The drift when the lock's jobs are reported so, in order; those without a status are missing."""
    jobs = [job(each.job_id, 1, status) for each, status in zip(lock.calls.values(), statuses, strict=False)]
    seen = observed(*jobs, lock=lock, state=state)
    return find_drift(campaign(foreign=foreign), lock, refreshed(lock, seen), seen)


def ann(status: CallStatus = CallStatus.PLANNED) -> LockedCall:
    """A call that is remembered so."""
    return remembered(call("ann"), status)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (JobStatus.CANCELLED, DriftKind.CANCELLED),
        (JobStatus.NOT_DONE, DriftKind.ENDED),
        (JobStatus.UNKNOWN, DriftKind.UNKNOWN),
    ],
)
def test_a_call_that_somebody_else_changed_has_drifted(status: JobStatus, kind: DriftKind) -> None:
    assert drift(lock_of(ann()), status).calls == (DriftedCalls(kind, (ann(),)),)


def test_a_job_that_is_no_longer_reported_has_drifted() -> None:
    assert drift(lock_of(ann())).calls == (DriftedCalls(DriftKind.MISSING, (ann(),)),)


@pytest.mark.parametrize("status", [s for s in JobStatus if s not in ("canceled", "notDone", "unknown")])
def test_a_call_that_goes_its_way_has_not(status: JobStatus) -> None:
    assert drift(lock_of(ann()), status) == NONE


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (CallStatus.CANCELLING, JobStatus.CANCELLED),
        (CallStatus.UNKNOWN, JobStatus.UNKNOWN),
        (CallStatus.UNKNOWN, JobStatus.PLANNED),
        (CallStatus.MISSING, JobStatus.PLANNED),
    ],
)
def test_what_we_did_or_knew_already_is_no_drift(known: CallStatus, status: JobStatus) -> None:
    assert drift(lock_of(ann(known)), status) == NONE


@pytest.mark.parametrize("known", [CallStatus.CANCELLED_BY_OTHERS, CallStatus.NOT_DONE, CallStatus.CANCELLED])
def test_what_an_apply_took_note_of_is_no_drift_any_more(known: CallStatus) -> None:
    assert drift(lock_of(ann(known))) == NONE


def test_calls_that_a_stop_from_here_left_undone_have_not_drifted() -> None:
    assert drift(lock_of(ann(), control="stop"), JobStatus.NOT_DONE, state=CampaignState.FINISHED) == NONE


def test_jobs_of_others_are_drift_unless_the_manifest_allows_them() -> None:
    lock, seen = lock_of(), observed(foreign=[job("x", 42, JobStatus.PLANNED)])
    assert find_drift(campaign(), lock, lock, seen) == Drift(foreign=("1650•••0042",))
    assert find_drift(campaign(foreign="allow"), lock, lock, seen) == NONE


STATES = CampaignState


@pytest.mark.parametrize(
    ("control", "now", "drifted"),
    [
        ("start", STATES.PAUSED, True),
        ("resume", STATES.PAUSED, True),
        ("start", STATES.DELETED, True),
        ("start", STATES.UNKNOWN, True),
        ("pause", STATES.RUNNING, True),
        ("pause", STATES.FINISHED, True),
        ("new", STATES.RUNNING, True),
        ("stop", STATES.RUNNING, True),
        ("start", STATES.RUNNING, False),
        ("start", STATES.SCHEDULED, False),
        ("start", STATES.FINISHED, False),  # nothing is left to call: it ran to its end
        ("pause", STATES.PAUSED, False),
        ("start-refused", STATES.RUNNING, False),  # as the message asked for
        ("start-refused", STATES.DELETED, True),
        ("doubtful", STATES.PAUSED, False),
        ("", STATES.PAUSED, False),
        ("start", None, False),
    ],
)
def test_the_campaigns_state_is_held_against_the_last_control(
    control: str, now: CampaignState | None, drifted: bool
) -> None:
    assert (drift(lock_of(control=control), state=now).state is not None) == drifted


def with_state(state: str, control: str = "") -> Lock:
    """A lock whose last apply saw this state."""
    import msgspec

    lock = lock_of(control=control)
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, state=state))


def test_what_an_apply_last_saw_says_more_than_the_last_control() -> None:
    assert drift(with_state("paused", "start"), state=STATES.PAUSED) == NONE
    found = drift(with_state("running"), state=STATES.PAUSED)
    assert found == Drift(StateDrift(STATES.RUNNING, STATES.PAUSED))
    assert found.is_any
    assert drift(with_state("planned"), state=STATES.RUNNING) == NONE


def test_a_campaign_that_ended_with_calls_to_make_was_ended_by_somebody() -> None:
    found = drift(lock_of(ann(), control="start"), JobStatus.NOT_DONE, state=STATES.FINISHED)
    assert found.state == StateDrift(STATES.RUNNING, STATES.FINISHED)
    found = drift(lock_of(ann(), control="start"), JobStatus.PLANNED, state=STATES.FINISHED)
    assert found.state == StateDrift(STATES.RUNNING, STATES.FINISHED)


def test_a_long_lockfile_drifts_as_a_short_one_does() -> None:
    from reconciler.plan.diff import Observed

    calls = [remembered(call(f"k{n}", n), CallStatus.PLANNED, f"{n}") for n in range(1, 40)]
    short = lock_of(*calls, control="start")
    long = decode_lock(encode_lock(short), campaign="promo", shown="a lockfile", many=1)
    extra = remembered(call("later", 77), CallStatus.PLANNED, "77")
    found = []
    for lock in (short, long):
        before = lock.with_calls([extra])
        changed = [(1, CallStatus.CANCELLED_BY_OTHERS), (2, CallStatus.MISSING), (3, CallStatus.TALKED_NO_RESULT)]
        now = before.with_calls([calls[n].with_status(status) for n, status in changed])
        if now.ledger is not None:  # a report changes letters, not calls
            now = before.copy()
            for n, status in changed:
                now.ledger.statuses[now.ledger.positions([calls[n].call_id])] = ord(status)  # type: ignore[union-attr]
        now = now.with_calls([extra.with_status(CallStatus.CANCELLED_BY_OTHERS)])
        found.append(find_drift(campaign(), before, now, Observed(state=STATES.FINISHED)))
    assert found[0] == found[1]
    assert [(each.kind, len(each.calls)) for each in found[0].calls] == [("cancelled", 2), ("missing", 1)]
    assert found[0].state is not None
