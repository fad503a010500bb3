"""Which job on the server belongs to which wanted call, where no lock says so: what `campaign import` rests on. Pure.

A report names a phone and nothing else of what a job was created with, so jobs are matched by phone. Where a phone has
several jobs, one is taken for the call: what may ring before what is over, what was called before what was not, the
newest before older ones. The others stay known as former jobs, so that counts add up. A second job that may still ring
is remembered as a call nobody wants: the next apply takes it back, and nobody is called twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from reconciler.calls.masks import mask
from reconciler.calls.model import Job
from reconciler.errors import Place
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallId, CallStatus, FormerJob, LockedCall, seen
from reconciler.phones.model import Call, Chunk
from reconciler.plan.model import Subject

SAMPLE = 10
"""Of each kind of finding, those that are kept to be shown."""

AS_CHANGED = b""
"""The request an imported call is said to come from when all are to be marked as changed: none reads like that."""


class Sample:
    """How many of something there are, and the first few of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Subject] = []

    def add(self, subject: Subject) -> None:
        """One more."""
        self.count += 1
        if self.count <= SAMPLE:
            self.first.append(subject)


class Taken:
    """What a lock takes over, and what stayed without a partner."""

    def __init__(self) -> None:
        self.calls: dict[CallId, LockedCall] = {}
        self.paired: Counter[CallStatus] = Counter()  # wanted calls, by the status they are remembered with
        self.former = 0  # further jobs of their phones that are over
        self.several = Sample()  # wanted calls whose phone has more than one job
        self.surplus = Sample()  # jobs that would ring a second time: taken back by the next apply
        self.suppressed = Sample()  # jobs of phones on a suppression list and in no other: the same
        self.unlisted = Sample()  # jobs of phones in no list, which are left alone
        self.unlisted_taken = Sample()  # or taken over because somebody said so
        self.unpaired = Sample()  # wanted calls without a job
        self.shared = 0  # phones wanted under several keys
        self.erased: list[str] = []  # jobs of people who were erased, and that are over
        self.in_doubt = Sample()  # calls of requests an earlier run left open, without a job

    def keep(self, call: LockedCall) -> None:
        """Remembers the call."""
        self.calls[call.call_id] = call


class Terms(msgspec.Struct, frozen=True):
    """How jobs are taken over."""

    wave: str
    is_changed: bool = False  # as if each had been created from something else than what the lists say now
    takes_unlisted: bool = False  # also jobs of phones in no list
    is_merging: bool = False  # there is a lock: calls without a job it does not own are no finding


class _Candidate(msgspec.Struct, frozen=True):
    """A job that may be a call's: a stranger's, or the one the lock knows the call by."""

    job_id: str
    status: CallStatus
    created_ms: int = 0
    is_own: bool = False


class Erased(Protocol):
    """Who was erased."""

    def among(self, phones: Sequence[str]) -> frozenset[str]:
        """Those of these phones (E.164 digits) whose owners were erased."""
        ...


def _nobody(_: Sequence[str]) -> frozenset[str]:
    return frozenset()


class Takeover:
    """Pairs calls with jobs, chunk by chunk. `jobs` are those to be taken over, `known` finds what a lock remembers.

    `known_jobs` are reports of the jobs the lock owns, `doubted` the phones of requests an earlier run left open: what
    has no job of its own yet may still be given one. Of people who were `erased` only what may still
    ring is taken over, to be taken back.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        keyer: Keyer,
        terms: Terms,
        *,
        known: Mapping[CallId, LockedCall] | None = None,
        known_jobs: Mapping[str, Job] | None = None,
        doubted: Collection[str] = (),
        suppressed: frozenset[str] = frozenset(),
        erased: Erased | None = None,
    ) -> None:
        self._keyer, self._terms, self._doubted = keyer, terms, set(doubted)
        self._known, self._known_jobs = known or {}, known_jobs or {}
        self._suppressed = suppressed
        self._by_phone: dict[str, list[Job]] = {}
        for job in jobs:
            self._by_phone.setdefault(job.phone, []).append(job)
        self._erased_among = erased.among if erased else _nobody
        self._erased = self._erased_among([*self._by_phone])
        self._shared: dict[str, list[Call]] = {}
        self._settled: set[str] = set()  # doubted phones whose calls are known to be in doubt
        self.taken = Taken()

    def take(self, chunk: Chunk) -> None:
        """Pairs the calls of this chunk."""
        erased = self._erased_among(chunk.phones)
        for at, phone in enumerate(chunk.phones):
            if phone in erased:
                continue
            if chunk.is_same_phone_allowed:
                self._shared.setdefault(phone, []).append(chunk.call(at))
            elif phone in self._by_phone:
                self._pair([chunk.call(at)], self._by_phone.pop(phone))
            elif not self._terms.is_merging:
                self._unpaired(chunk.call(at))

    def finish(self) -> Taken:
        """All that was found."""
        for phone, calls in self._shared.items():
            self.taken.shared += len(calls) > 1
            # A call the lock has no job for goes first: the stranger is rather its.
            self._pair(sorted(calls, key=self._is_known), self._by_phone.pop(phone, []))
        for phone, jobs in self._by_phone.items():
            for job in jobs:
                if phone in self._erased and not _may_ring(_Candidate(job.job_id, _status(job))):
                    self.taken.erased.append(job.job_id)  # ours, and of nobody any more
                else:
                    self._without_call(job, is_suppressed=phone in self._suppressed | self._erased)
        for phone in sorted(self._doubted - self._by_phone.keys() - self._settled):
            self._remember_alone(_Candidate("", CallStatus.IN_DOUBT), phone, self.taken.in_doubt)
        return self.taken

    # ---------------------------------------------------------------------------------------------------- with a call

    def _pair(self, calls: Sequence[Call], jobs: Sequence[Job]) -> None:
        """Gives each of these calls of one phone a job, as far as there are any, the best first."""
        strangers = [_Candidate(j.job_id, _status(j), j.created_at_ms or 0) for j in jobs]
        if len(strangers) >= len(calls) and not all(one.status.is_free for one in strangers):
            self._doubted.discard(calls[0].phone)  # the request took effect, or one before it that counts as much
        waiting = sorted(strangers, key=_rank)  # the best last
        statuses = [candidate.status for candidate in strangers]
        for call in calls:
            others = waiting if call is calls[-1] else waiting[-1:]
            waiting = [one for one in waiting if one not in others]
            self._give(call, others, statuses)

    def _give(self, call: Call, strangers: Sequence[_Candidate], of_phone: Collection[CallStatus]) -> None:
        before = self._before(call)
        own = [self._own(before)] if before else []
        if not strangers:
            if not (own or self._terms.is_merging):
                self._unpaired(call)
            return
        *others, best = sorted([*strangers, *own], key=_rank)
        if len(strangers) + bool(before and before.job_id) > 1:
            self.taken.several.add(_subject(call.phone, call.place))
        over = [one for one in others if not _may_ring(one) and not one.is_own and one.job_id]
        taken = self._taken(call, best, before, tuple(over), {*of_phone, *(one.status for one in own)})
        self.taken.keep(self._doubt(call, taken) if taken.status.is_free else taken)
        self.taken.paired[taken.status] += 1
        self.taken.former += len(over)
        for one in others:
            if _may_ring(one) and not one.is_own:
                self._remember_alone(one, call.phone, self.taken.surplus, call.place)

    def _before(self, call: Call) -> LockedCall | None:
        return self._known.get((self._keyer.key(call.key), self._terms.wave)) if self._terms.is_merging else None

    def _is_known(self, call: Call) -> bool:
        return self._before(call) is not None

    def _own(self, call: LockedCall) -> _Candidate:
        job = self._known_jobs.get(call.job_id)
        status = call.seen(job) if job else call.status
        return _Candidate(call.job_id, status, (job.created_at_ms or 0) if job else 0, is_own=True)

    def _taken(
        self,
        call: Call,
        best: _Candidate,
        before: LockedCall | None,
        over: Iterable[_Candidate],
        of_phone: Collection[CallStatus],
    ) -> LockedCall:
        phone = self._keyer.phone(call.phone)
        former = before.former if best.is_own and before else before.job_history() if before else ()
        jobs = (*former, *(FormerJob(one.job_id, phone) for one in over))
        if best.is_own and before:
            return msgspec.structs.replace(before.with_status(best.status), former=jobs)
        status = best.status
        if status is CallStatus.CANCELLED_BY_OTHERS and any(one.is_called for one in of_phone):
            status = CallStatus.CANCELLED_BY_OTHERS_REACHED  # an earlier job of this phone was called to the end
        return msgspec.structs.replace(self._locked(call), job_id=best.job_id, status=status, former=jobs)

    def _locked(self, call: Call) -> LockedCall:
        """The call as a lock remembers it, with no job and no telling whether it was sent."""
        keyer = self._keyer
        request = AS_CHANGED if self._terms.is_changed else call.request
        return LockedCall(
            keyer.key(call.key),
            self._terms.wave,
            keyer.phone(call.phone),
            keyer.request(request),
            "",
            CallStatus.IN_DOUBT,
            mask(call.phone),
        )

    def _unpaired(self, call: Call) -> None:
        if call.phone in self._doubted:
            self.taken.keep(self._doubt(call, self._locked(call)))
        elif call.phone not in self._suppressed:
            self.taken.unpaired.add(_subject(call.phone, call.place))

    def _doubt(self, call: Call, locked: LockedCall) -> LockedCall:
        """The call, in doubt if a request for its phone may still take effect: it must not be added until then."""
        if call.phone not in self._doubted:
            return locked
        self._settled.add(call.phone)
        self.taken.in_doubt.add(_subject(call.phone, call.place))
        history = locked.job_history()
        return msgspec.structs.replace(locked, job_id="", status=CallStatus.IN_DOUBT, former=history)

    # ------------------------------------------------------------------------------------------------- without a call

    def _without_call(self, job: Job, *, is_suppressed: bool) -> None:
        """A job of a phone in no list. One that must not ring is taken over, so that the next apply takes it back."""
        found = _Candidate(job.job_id, _status(job))
        if is_suppressed and _may_ring(found):
            self._remember_alone(found, job.phone, self.taken.suppressed)
        elif self._terms.takes_unlisted:
            self._remember_alone(found, job.phone, self.taken.unlisted_taken)
        else:
            self.taken.unlisted.add(_subject(job.phone))

    def _remember_alone(self, found: _Candidate, phone: str, sample: Sample, place: Place | None = None) -> None:
        """Remembers a job, or a request for this phone, as a call of its own, under a key no list has."""
        keyer = self._keyer
        key = f"job {found.job_id}" if found.job_id else f"request for {phone}"
        digests = (keyer.key(key), self._terms.wave, keyer.phone(phone), keyer.request(AS_CHANGED))
        self.taken.keep(LockedCall(*digests, found.job_id, found.status, mask(phone)))
        sample.add(_subject(phone, place))


def _subject(phone: str, place: Place | None = None) -> Subject:
    return Subject(mask(phone), ("", ""), place)


def _may_ring(candidate: _Candidate) -> bool:
    """Whether taking it back might keep a phone from ringing: also in a status nobody knows."""
    return candidate.status.is_live or candidate.status is CallStatus.UNKNOWN


def _status(job: Job) -> CallStatus:
    """What a job nobody remembered is remembered as; whoever cancelled it, we do not know that it was us."""
    return seen(CallStatus.PLANNED, job)


_RANKS = [
    {CallStatus.IN_DOUBT, CallStatus.REJECTED},
    {CallStatus.NOT_DONE, CallStatus.CANCELLED},
    {CallStatus.MISSING},
    {status for status in CallStatus if status.is_called or status.is_cancelled_by_others},
    {CallStatus.UNKNOWN},
    {CallStatus.PLANNED, CallStatus.ON_RETRY, CallStatus.CANCELLING},
    {CallStatus.IN_PROCESS},  # cannot be taken back, so of two it is the other that is
]
_RANK_OF = {status: rank for rank, statuses in enumerate(_RANKS) for status in statuses}


def _rank(candidate: _Candidate) -> tuple[int, bool, int]:
    """Greater for the job that is rather the call's; of two that may ring, the one the lock knows already."""
    rank = _RANK_OF[candidate.status]
    return (rank, candidate.is_own and candidate.status.is_live, candidate.created_ms)
