"""What really happened, kept by somebody who sees everything, and what must never be in it.

The server's side is taken as it is; of the lock only two things are believed: which request a call's job was made by
(its intent, durable before it), and that a job moved to another key when a plan had said so.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reconciler.lock.journal import OpenIntent, parse_journal, replay
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import CallStatus, Lock
from reconciler.phones.model import Desired
from reconciler.plan.diff import identify
from reconciler.plan.model import Adopt, Plan, Replace
from reconciler.plan.wanted import Wanted
from tests.apply.server import Job
from tests.apply.world import NAME, Disk
from tests.lock.samples import owned_jobs

CallId = tuple[str, str]
CANCELLED = ("canceled", "cancelledByUser")
LIVE = ("planned", "onRetry", "inProcess", "aNewWord")


def is_live(job: Job) -> bool:
    """Whether the job may still ring a phone."""
    return job.status in LIVE


def counts(job: Job) -> bool:
    """Whether somebody was called because of the job, or may be: it was not taken back, or dropped, unreached."""
    return job.status not in (*CANCELLED, "notDone") or job.duration > 0


def durable(disk: Disk) -> tuple[Lock, tuple[OpenIntent, ...]]:
    """The lock as the disk holds it with its journal, and the requests that are open. There must be one."""
    assert disk.lock is not None
    entries = parse_journal(disk.journal, "journal").entries
    return replay(decode_lock(disk.lock, campaign=NAME, shown="lock"), entries, "journal")


class Made(msgspec.Struct):
    """A job and what is known of it. `owner` is the call it was made for; None for somebody else's job."""

    job: Job
    run: int  # when it was asked for
    owner: CallId | None = None
    shares: bool = False  # the manifest let its phone be called under several keys
    is_forgotten: bool = False  # the lock that knew it was lost, or a person closed the case
    is_guessed: bool = False  # its call was in doubt when the journal was lost: one of its jobs is taken to be it
    is_adopted: bool = False  # it was nobody's, and is one of the lock's since `run`
    cancelled_by_others_in: int | None = None  # the run after or in which that happened


class Sent(msgspec.Struct, frozen=True):
    """A call as a request asks for it."""

    call_id: CallId
    shares: bool
    replaces_same_phone: bool
    run: int
    mistaken: frozenset[str]  # jobs of ours that nobody could tell from somebody else's of the same phone


class Truth:
    """Everything that was done to people, and `violations` of what must not be."""

    def __init__(self, *, is_current: bool, adds_after_others: bool = False, foreign: str = "block") -> None:
        self.is_current, self.adds_after_others = is_current, adds_after_others
        self.blocks_foreign = is_current and foreign == "block"
        self.desired = Desired(())
        self.state = "running"
        self.run = 0
        self.hidden: set[str] = set()  # ids of jobs that no report shows at present
        self.jobs: dict[str, Made] = {}
        self.violations: list[str] = []
        self.requests: list[str] = []  # paths of what the present run sent that changes something
        self._sent: dict[str, dict[str, Sent]] = {}
        self._taken_back: set[str] = set()  # job ids that we asked to cancel
        self._perhaps_taken_back: frozenset[str] = frozenset()  # written down that we do; perhaps it was not sent
        self._moves: set[tuple[CallId, CallId]] = set()
        self._plan: Plan | None = None

    def accuse(self, what: str) -> None:
        """Records a violation: raising here would only test what the program does about errors."""
        self.violations.append(what)

    def begins(self, desired: Desired, state: str) -> None:
        """A run begins, with these calls wanted."""
        self.run += 1
        self._keep_unseen()
        self.desired, self.state, self._plan = desired, state, None
        self._moves.clear()
        self.requests.clear()

    def _keep_unseen(self) -> None:
        """A cancellation that no run was shown yet, of a job that this one is not shown either, is as if it were new.

        Who was not told of it cannot respect it: the job is missing, which blocks its own call. Another call of the
        phone, where a list lets it be called under several keys, is not held up by what is missing.
        """
        for job_id in self.hidden & self.jobs.keys():
            if self.jobs[job_id].cancelled_by_others_in == self.run - 1:
                self.jobs[job_id].cancelled_by_others_in = self.run

    def wanted(self, keyer: Keyer) -> dict[CallId, Wanted]:
        """The calls that are wanted now, suppressed ones left out, by their id."""
        kept = [call for call in self.desired.calls if call.phone not in self.desired.suppressed]
        return {one.call_id: one for one in identify(kept, keyer)}

    # ---------------------------------------------------------------------------------------------- as things happen

    def approved(self, plan: Plan) -> None:
        """A plan is about to be done: its moves from key to key are believed."""
        self._plan = plan
        for action in plan.actions:
            if isinstance(action, Adopt):
                self._moves |= {(action.locked.call_id, action.wanted.call_id)}
                for job in action.locked.job_history():
                    if job.job_id in self.jobs:
                        self.jobs[job.job_id].owner = action.wanted.call_id

    def sending(self, path: str, content: bytes, key: str, disk: Disk) -> None:
        """A request that changes something leaves the process: it must be written down, and be about what is wanted."""
        self.requests.append(path)
        lock, opened = durable(disk)
        intents = [entry.intent for entry in opened if entry.intent.idempotence_key == key]
        if len(intents) != 1:
            self.accuse(f"{path} was sent without a durable intent of its own")
            return
        intent = intents[0]
        if path == "addPhones":
            if intent.body.encode() != content:
                self.accuse("addPhones was sent with another body than was written down")
            wanted = self.wanted(Keyer(None, lock.header.salt))
            self._sent[key] = {}
            mistaken = self._mistaken(lock)
            for item, call in zip(msgspec.json.decode(content), intent.calls, strict=True):
                self._sends(item, wanted.get(call.call_id), key, mistaken)
        elif path == "callJob/cancel":
            ids = [str(each) for each in msgspec.json.decode(content)["ids"]]
            if ids != [call.job_id for call in intent.calls]:
                self.accuse("other jobs were cancelled than were written down")
            self._taken_back |= set(ids)
            self.decided(i for i in ids if self.jobs[i].cancelled_by_others_in == self.run)  # at the same moment
        elif path != f"control/{intent.move}" or intent.move not in _MOVES_TO[self.state]:
            self.accuse(f"{path} was sent, {intent.move} written down, {self.state} wanted")

    def _sends(self, item: object, one: Wanted | None, key: str, mistaken: frozenset[str]) -> None:
        if one is None or msgspec.json.decode(one.call.request) != item:
            self.accuse("a call was sent that nobody wants, or that is suppressed")
            return
        replaced = self._plan.actions if self._plan else ()
        keeps_phone = any(
            isinstance(a, Replace) and a.wanted.call_id == one.call_id and a.locked.phone == one.phone for a in replaced
        )
        self._sent[key][one.call.phone] = Sent(
            one.call_id, one.call.is_same_phone_allowed, keeps_phone, self.run, mistaken
        )

    def created(self, job: Job, key: str) -> None:
        """A request of ours made this job."""
        sent = self._sent.get(key, {}).get(job.phone)
        if sent is None:
            self.accuse("a job was made that was not asked for")
            return
        for made in self.jobs.values():
            why = self._why_not(made, job.phone, sent)
            if why:
                self.accuse(f"{why}: {made.job.id} ({made.job.status}), then {job.id}")
        self.jobs[job.id] = Made(job, sent.run, sent.call_id, sent.shares)

    def _why_not(self, made: Made, phone: str, sent: Sent) -> str:
        """Why the job `made` earlier forbids another one for this call and phone; '' when it does not."""
        job, owner = made.job, made.owner
        is_of_others = owner is None or made.is_forgotten
        if (job.is_foreign or made.is_adopted) and made.run >= sent.run:
            return ""  # nobody could know of it
        if is_of_others:
            was_there = made.run < sent.run and self.blocks_foreign and not sent.replaces_same_phone
            return "a phone got a job although the campaign had one" if was_there and job.phone == phone else ""
        assert owner is not None
        if job.id in sent.mistaken:
            return ""
        is_same_key = owner[0] == sent.call_id[0]
        is_in_the_way = is_same_key or (job.phone == phone and not sent.shares)
        if is_in_the_way and is_live(job):
            return "a second live job"
        if is_in_the_way and owner[1] == sent.call_id[1] and counts(job):
            return "a second job in one wave"
        was_seen = made.cancelled_by_others_in is not None and made.cancelled_by_others_in < sent.run
        if was_seen and not self.adds_after_others and (job.phone == phone or is_same_key):
            return "somebody else's cancellation was not respected"
        return ""

    def added_by_others(self, job: Job) -> None:
        """Somebody else made this job."""
        self.jobs[job.id] = Made(job, self.run)

    def cancelled_by_others(self, job: Job) -> None:
        """Somebody else took this job back."""
        if job.id not in self._taken_back | self._perhaps_taken_back:
            self.jobs[job.id].cancelled_by_others_in = self.run

    def decided(self, job_ids: Iterable[str]) -> None:
        """Who cancelled these jobs is not told apart any more."""
        for job_id in job_ids:
            self.jobs[job_id].cancelled_by_others_in = None

    # --------------------------------------------------------------------------------------------------- after a step

    def asks_back(self, lock: Lock, opened: Iterable[OpenIntent]) -> None:
        """Takes over which jobs this lock may have asked to cancel.

        A process that died after it had written that down died before its request or after it, and the next one cannot
        tell which. A job that is cancelled by then may have been so by us, and has to be taken for that: otherwise
        whoever was to be replaced would never be called. So this is no cancellation that was not respected.
        """
        intents = [entry.intent for entry in opened if entry.intent.operation == "cancel"]
        asked = {call.job_id for intent in intents for call in intent.calls}
        asked |= {call.job_id for call in lock.calls.values() if call.status is CallStatus.CANCELLING}
        self._perhaps_taken_back = frozenset(asked)
        self.decided(i for i in asked & self.jobs.keys() if self.jobs[i].cancelled_by_others_in == self.run)

    def believe(self, lock: Lock, *, is_another: bool = False) -> None:
        """Takes over from the lock which call owns a job, where a plan said it would move; or from another lock."""
        for call in lock.calls.values():
            for job in call.job_history():
                made = self.jobs.get(job.job_id)
                if made is None:
                    self.accuse("the lock knows a job that does not exist")
                elif made.owner is None or made.is_forgotten:
                    # Nobody's, taken for ours: it is in the way of whatever is sent from now on.
                    made.owner, made.run = call.call_id, self.run
                    made.is_adopted, made.is_forgotten = True, False
                elif made.owner != call.call_id:
                    moved = {(made.owner, call.call_id), (call.call_id, made.owner)}
                    if not is_another and not moved & self._moves:
                        self.accuse(f"job {job.job_id} changed its owner although no plan said so")
                    made.owner = call.call_id

    def forget_unknown(self, lock: Lock | None, opened: Iterable[OpenIntent]) -> None:
        """A lock was lost or replaced by another: only what this one knows is remembered."""
        opened = tuple(opened)
        known = self._known(lock, opened)
        told = {call.call_id for entry in opened for call in entry.intent.calls}
        for job_id, made in self.jobs.items():
            if made.owner is not None:
                made.is_forgotten = job_id not in known and made.owner not in known
                made.is_guessed = made.owner in known and made.owner not in told

    def _known(self, lock: Lock | None, opened: Iterable[OpenIntent]) -> set[object]:
        """Ids of jobs the lock knows, and of calls it has doubts about."""
        if lock is None:
            return set()
        doubted = {call.call_id for entry in opened for call in entry.intent.calls}
        doubted |= {call_id for call_id, call in lock.calls.items() if call.status is CallStatus.IN_DOUBT}
        return {*owned_jobs(lock), *doubted}

    def check_remembered(self, lock: Lock, opened: Iterable[OpenIntent]) -> None:
        """Every job of ours is in the lock or in doubt; where others meddle, theirs may be taken for ours."""
        known = self._known(lock, opened)
        meddled = self._meddled()
        for job_id, made in self.jobs.items():
            if made.owner is None or made.is_forgotten or job_id in known or made.owner in known:
                continue
            is_over = made.is_guessed and not is_live(made.job) and not counts(made.job)
            if made.job.phone in meddled or is_over:
                made.is_forgotten = True
            else:
                self.accuse(f"job {job_id} is in no lock, and its call is not in doubt")

    def _mistaken(self, lock: Lock) -> frozenset[str]:
        known, meddled = owned_jobs(lock), self._meddled()
        return frozenset(i for i, made in self.jobs.items() if made.job.phone in meddled and i not in known)

    def _meddled(self) -> set[str]:
        """The phones that have jobs the lock was never told of."""
        return {made.job.phone for made in self.jobs.values() if made.job.is_foreign or made.is_forgotten}


_MOVES_TO = {"running": ("start", "resume"), "paused": ("pause",), "stopped": ("stop",)}
