"""A tiny world to apply plans to: a server with jobs, and the lock. Nobody is called while a plan is applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import msgspec
from hypothesis import strategies as st

from reconciler.calls.model import CampaignState, Job, JobStatus
from reconciler.lock.model import CallStatus, Lock, LockedCall
from reconciler.lock.waves import with_waves
from reconciler.phones.model import Call, Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed, adopted, refreshed
from reconciler.plan.model import Action, Add, Adopt, Cancel, Pause, Plan, Replace, Resume, Start, Stop
from tests.plan.values import KEYER, Stance, call, campaign, job, lock_of, remembered

# Few of each, so that keys, phones and waves meet in every way; what is most common comes first and most often.
KEYS, PHONES, WAVES, DATA = ("ann", "bob", "cyd"), (1, 2, 3), ("1", "1", "2"), ("x", "y")
STATUSES = st.one_of(st.sampled_from((CallStatus.PLANNED, CallStatus.NO_ANSWER)), st.sampled_from(CallStatus))

SERVED: dict[CallStatus, tuple[JobStatus | None, bool]] = {
    CallStatus.PLANNED: (JobStatus.PLANNED, False),
    CallStatus.ON_RETRY: (JobStatus.ON_RETRY, False),
    CallStatus.IN_PROCESS: (JobStatus.IN_PROCESS, False),
    CallStatus.TALKED_WITH_RESULT: (JobStatus.TALKED_WITH_RESULT, True),
    CallStatus.TALKED_NO_RESULT: (JobStatus.TALKED_NO_RESULT, True),
    CallStatus.NO_ANSWER: (JobStatus.NO_ANSWER, False),
    CallStatus.NONEXISTENT: (JobStatus.NONEXISTENT, False),
    CallStatus.TECHNICAL_ERROR: (JobStatus.TECHNICAL_ERROR, False),
    CallStatus.NOT_DONE: (JobStatus.NOT_DONE, False),
    CallStatus.CANCELLING: (JobStatus.IN_PROCESS, False),
    CallStatus.CANCELLED: (JobStatus.CANCELLED, False),
    CallStatus.CANCELLED_REACHED: (JobStatus.CANCELLED, True),
    CallStatus.CANCELLED_BY_OTHERS: (JobStatus.CANCELLED, False),
    CallStatus.CANCELLED_BY_OTHERS_REACHED: (JobStatus.CANCELLED, True),
    CallStatus.UNKNOWN: (JobStatus.UNKNOWN, False),
    CallStatus.MISSING: (None, False),
    CallStatus.REJECTED: (None, False),
    CallStatus.IN_DOUBT: (None, False),
    CallStatus.VOUCHED: (None, False),
}
"""What the server reports of a job behind each status; None where it reports none."""

MAY_RING = (JobStatus.PLANNED, JobStatus.ON_RETRY, JobStatus.IN_PROCESS, JobStatus.UNKNOWN)


class World(msgspec.Struct):
    """The manifest's side, the lock and the server. `jobs` are those the lock owns, by id."""

    calls: tuple[Call, ...]
    suppressed: frozenset[str]
    stance: Stance
    on_external_cancel: str
    lock: Lock
    jobs: dict[str, Job]
    foreign: tuple[Job, ...]
    state: CampaignState

    def plan(self) -> Plan:
        """The plan as things stand."""
        asked = {c.job_id for c in self.lock.calls.values() if c.job_id and not c.status.is_final}
        seen = Observed(
            state=self.state,
            jobs={job_id: self.jobs[job_id] for job_id in asked if job_id in self.jobs},
            asked=frozenset(asked),
            foreign=self.foreign,
        )
        self.lock = refreshed(self.lock, seen)
        desired = Desired(self.calls, self.suppressed)
        of = campaign(self.stance, on_external_cancel=self.on_external_cancel)
        return make_plan(of, desired, self.lock, seen, KEYER)

    def apply(self, plan: Plan) -> None:
        """Does what the plan says, in its order."""
        self.lock = msgspec.structs.replace(self.lock, calls=dict(self.lock.calls))
        for action in plan.actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Adopt(locked=old):
                del self.lock.calls[old.call_id]
                self._remember(adopted(action))
            case Cancel(locked=old):
                self._cancel(old)
            case Replace(wanted=new, locked=old):
                self._cancel(old)
                self._add(new.locked(f"new {new.call_id}", CallStatus.PLANNED, old), new.call.phone)
            case Add(wanted=new, before=before):
                self._add(new.locked(f"new {new.call_id}", CallStatus.PLANNED, before), new.call.phone)
            case Start() | Resume():
                self.state = CampaignState.RUNNING
            case Pause():
                self.state = CampaignState.PAUSED
            case Stop():
                self.state = CampaignState.FINISHED
                for one in self.jobs.values():
                    if one.status in (JobStatus.PLANNED, JobStatus.ON_RETRY):
                        self.jobs[one.job_id] = msgspec.structs.replace(one, status=JobStatus.NOT_DONE)
            case _:
                assert_never(action)

    def _cancel(self, old: LockedCall) -> None:
        one = self.jobs[old.job_id]
        if old.status.is_waiting:  # who is being called is not hung up on
            one = self.jobs[old.job_id] = msgspec.structs.replace(one, status=JobStatus.CANCELLED)
        self._remember(old.with_status(old.with_status(CallStatus.CANCELLING).seen(one)))

    def _add(self, added: LockedCall, phone: str) -> None:
        self.jobs[added.job_id] = Job(added.job_id, phone, JobStatus.PLANNED)
        self._remember(added)

    def _remember(self, one: LockedCall) -> None:
        self.lock.calls[one.call_id] = one

    def ringing(self, phone: str) -> list[str]:
        """The ids of all jobs that may still ring this phone."""
        jobs = (*self.jobs.values(), *self.foreign)
        return [one.job_id for one in jobs if one.phone == phone and one.status in MAY_RING]


@st.composite
def lists(draw: st.DrawFn) -> tuple[Call, ...]:
    """What the lists want: keys with phones, mostly in one wave, a phone shared only where that is allowed."""
    wave = draw(st.sampled_from(WAVES))
    waves = draw(st.sampled_from((WAVES, (wave,), (wave,))))  # a list may have a wave of its own
    keys = draw(st.permutations(KEYS))[draw(st.integers(0, len(KEYS))) :]
    choice = draw(st.one_of(st.permutations(PHONES), st.tuples(*[st.sampled_from(PHONES)] * len(KEYS))))
    phones = dict(zip(keys, choice, strict=False))
    shared = {phone for phone in phones.values() if list(phones.values()).count(phone) > 1}
    return tuple(
        call(key, phone, draw(st.sampled_from(DATA)), wave=draw(st.sampled_from(waves)), shares_phone=phone in shared)
        for key, phone in phones.items()
    )


@st.composite
def locked_calls(draw: st.DrawFn) -> list[tuple[Call, CallStatus]]:
    """Whatever an earlier life may have left in the lock."""
    ids = draw(st.sets(st.tuples(st.sampled_from(KEYS), st.sampled_from(WAVES)), min_size=2))
    return [
        (
            call(key, draw(st.sampled_from(PHONES)), draw(st.sampled_from(DATA)), wave=wave),
            draw(STATUSES),
        )
        for key, wave in sorted(ids)
    ]


def world_of(past: Iterable[tuple[Call, CallStatus]]) -> World:
    """A running campaign with this past, of which nothing is wanted any more."""
    locked = [(one.phone, remembered(one, status)) for one, status in past]
    served = ((each.job_id, phone, *SERVED[each.status]) for phone, each in locked)
    return World(
        calls=(),
        suppressed=frozenset(),
        stance="running",
        on_external_cancel="keep",
        lock=with_waves(lock_of(*(each for _, each in locked))),
        jobs={job_id: Job(job_id, phone, now, 0, talked) for job_id, phone, now, talked in served if now},
        foreign=(),
        state=CampaignState.RUNNING,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world in any state in which a campaign can take calls."""
    foreign = draw(st.sampled_from(((), (), PHONES[:1])))
    return msgspec.structs.replace(
        world_of(draw(locked_calls())),
        calls=draw(lists()),
        suppressed=frozenset(f"1650777{phone:04}" for phone in draw(st.sets(st.sampled_from(PHONES), max_size=1))),
        stance=draw(st.sampled_from(("running", "running", "paused", "stopped"))),
        on_external_cancel=draw(st.sampled_from(("keep", "add"))),
        foreign=tuple(job("foreign", phone, draw(st.sampled_from(JobStatus))) for phone in foreign),
        state=draw(st.sampled_from((CampaignState.NEW, CampaignState.RUNNING, CampaignState.PAUSED))),
    )
