"""What the lockfile remembers, as values.

A locked call is identified by (key, wave). It holds digests and a mask, never a phone number or a payload: whoever
reads the lockfile without the secret learns neither whom it is about nor what was said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import msgspec

from reconciler.calls.model import Job, JobStatus

if TYPE_CHECKING:  # it imports numpy, which takes a tenth of a second
    from reconciler.lock.ledger import Ledger

CallId = tuple[str, str]
"""Identity of a call: the digest of its key, and its wave."""

FORMAT = 2
"""The newest version of the lockfile's format. A file with a higher one was written by a newer program: refused."""

FIRST_FORMAT = 1
"""The version of a lockfile whose secret was never changed: programs that know no other read it."""


class CallStatus(StrEnum):
    """What is known of a call; the value is its letter in the lockfile."""

    PLANNED = "p"
    ON_RETRY = "r"
    IN_PROCESS = "i"
    TALKED_WITH_RESULT = "t"
    TALKED_NO_RESULT = "s"
    NO_ANSWER = "n"
    NONEXISTENT = "x"
    TECHNICAL_ERROR = "e"
    NOT_DONE = "d"
    CANCELLING = "g"  # we asked, it is not confirmed yet: a call in progress is finished first
    CANCELLED = "c"  # by us, nobody was reached
    CANCELLED_REACHED = "k"  # by us, but somebody was talked to before or meanwhile
    CANCELLED_BY_OTHERS = "o"  # perhaps a person who asked to be left alone
    CANCELLED_BY_OTHERS_REACHED = "l"  # the same, after somebody was talked to
    REJECTED = "j"  # the server refused this number: there is no job
    UNKNOWN = "u"  # a status word nobody has listed
    MISSING = "m"  # the server no longer reports the job
    VOUCHED = "v"  # a person decided that it was sent: never again in this wave
    IN_DOUBT = "q"  # sent, and no telling whether it took effect: there may be a job

    @property
    def is_live(self) -> bool:
        """The job may still ring a phone."""
        return self in _LIVE

    @property
    def is_waiting(self) -> bool:
        """The job is queued: it can be taken back before anybody is called again."""
        return self in (CallStatus.PLANNED, CallStatus.ON_RETRY)

    @property
    def is_final(self) -> bool:
        """The server will never report anything else: no need to ask again."""
        return self in _FINAL

    @property
    def is_called(self) -> bool:
        """The person was called, or at least it was tried until the end: nobody calls again in this wave."""
        return self in _CALLED

    @property
    def is_free(self) -> bool:
        """Nobody was reached and nothing is queued: the call may be added again."""
        return self in (CallStatus.CANCELLED, CallStatus.NOT_DONE)

    @property
    def is_cancelled_by_others(self) -> bool:
        """Somebody else took the call back: left alone, also in later waves, unless the manifest says otherwise."""
        return self in (CallStatus.CANCELLED_BY_OTHERS, CallStatus.CANCELLED_BY_OTHERS_REACHED)

    @property
    def is_doubtful(self) -> bool:
        """Nothing reliable is known, so nothing is done by itself."""
        return self in DOUBTFUL


DOUBTFUL = frozenset({CallStatus.UNKNOWN, CallStatus.MISSING, CallStatus.IN_DOUBT})
_LIVE = frozenset({CallStatus.PLANNED, CallStatus.ON_RETRY, CallStatus.IN_PROCESS, CallStatus.CANCELLING})
_CALLED = frozenset(
    {
        CallStatus.TALKED_WITH_RESULT,
        CallStatus.TALKED_NO_RESULT,
        CallStatus.NO_ANSWER,
        CallStatus.NONEXISTENT,
        CallStatus.TECHNICAL_ERROR,
        CallStatus.CANCELLED_REACHED,
        CallStatus.CANCELLED_BY_OTHERS_REACHED,
        CallStatus.VOUCHED,
    }
)
_FINAL = _CALLED | {
    CallStatus.NOT_DONE,
    CallStatus.CANCELLED,
    CallStatus.CANCELLED_BY_OTHERS,
    CallStatus.REJECTED,
}

_STATUS_OF = {
    JobStatus.PLANNED: CallStatus.PLANNED,
    JobStatus.ON_RETRY: CallStatus.ON_RETRY,
    JobStatus.IN_PROCESS: CallStatus.IN_PROCESS,
    JobStatus.TALKED_WITH_RESULT: CallStatus.TALKED_WITH_RESULT,
    JobStatus.TALKED_NO_RESULT: CallStatus.TALKED_NO_RESULT,
    JobStatus.NO_ANSWER: CallStatus.NO_ANSWER,
    JobStatus.NONEXISTENT: CallStatus.NONEXISTENT,
    JobStatus.TECHNICAL_ERROR: CallStatus.TECHNICAL_ERROR,
    JobStatus.NOT_DONE: CallStatus.NOT_DONE,
    JobStatus.UNKNOWN: CallStatus.UNKNOWN,
}


def job_status(status: CallStatus) -> JobStatus:
    """The job status behind what is remembered; cancelled by whomever is cancelled."""
    by_call = {call: job for job, call in _STATUS_OF.items()}
    return by_call.get(status, JobStatus.CANCELLED)


_CANCELLED_BY_US = frozenset({CallStatus.CANCELLING, CallStatus.CANCELLED, CallStatus.CANCELLED_REACHED})


class FormerJob(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A job this call had before its present one. It is still ours, which matters when jobs are counted or listed."""

    job_id: str
    phone: str  # keyed digest


class LockedCall(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What is remembered of one (key, wave). Digests are keyed BLAKE2b, base64url; see `keyed.py`."""

    key: str  # digest
    wave: str
    phone: str  # digest
    request: str  # digest of the request object the job was created from
    job_id: str  # "" when there is no job
    status: CallStatus
    mask: str
    former: tuple[FormerJob, ...] = ()

    @property
    def call_id(self) -> tuple[str, str]:
        """Identity: the digest of the key, and the wave."""
        return (self.key, self.wave)

    def seen(self, job: Job | None) -> CallStatus:
        """The status after a report that holds `job` for this call, or that should have and did not (None)."""
        return seen(self.status, job)

    def with_status(self, status: CallStatus) -> LockedCall:
        """The same call with another status."""
        return self if status is self.status else msgspec.structs.replace(self, status=status)

    def job_history(self) -> tuple[FormerJob, ...]:
        """Every job this call ever had, the present one last."""
        present = (FormerJob(self.job_id, self.phone),) if self.job_id else ()
        return (*self.former, *present)


call_decoder = msgspec.json.Decoder(LockedCall)
"""The one that everybody uses. It is made here, as every decoder of a struct is made when its module is imported:
msgspec makes a type ready when it is first read, and a thread that reads it meanwhile would crash the process.
"""


def seen(known: CallStatus, job: Job | None) -> CallStatus:
    """The status of a call known by that one, after a report that holds its `job`, or should have and did not (None).

    A cancelled job is ours when we had asked for it; a job that talked before it was cancelled counts as called.
    """
    if job is None:
        # A report may leave a job out; that must not make a stranger's of a cancellation we asked for.
        return CallStatus.CANCELLING if known is CallStatus.CANCELLING else CallStatus.MISSING
    if job.status is not JobStatus.CANCELLED:
        return _not_cancelled(known, job)
    if known not in _CANCELLED_BY_US:
        return CallStatus.CANCELLED_BY_OTHERS_REACHED if job.was_reached else CallStatus.CANCELLED_BY_OTHERS
    return CallStatus.CANCELLED_REACHED if job.was_reached else CallStatus.CANCELLED


def _not_cancelled(known: CallStatus, job: Job) -> CallStatus:
    status = _STATUS_OF[job.status]
    if known is CallStatus.CANCELLING and status in (CallStatus.IN_PROCESS, CallStatus.UNKNOWN):
        return CallStatus.CANCELLING
    if status is CallStatus.NOT_DONE and job.was_reached:
        return CallStatus.CANCELLED_REACHED
    return status


class Decision(msgspec.Struct, frozen=True):
    """What a person decided about calls nobody could tell the outcome of. `verdict` is `sent` or `not-sent`."""

    at: str  # ISO 8601, UTC
    who: str
    why: str
    verdict: str
    calls: tuple[tuple[str, str], ...]  # (key, wave)


class Span(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """The calls whose jobs have ids from a number on, up to the next span. Days count from 1970-01-01, UTC."""

    first: int
    day: int  # they were added
    over: int = 0  # a run saw that none of them can ring any more; 0: not yet


class Erased(msgspec.Struct, frozen=True):
    """People who were erased, all together: digests of phones and of keys, and the ids of their jobs, each sorted."""

    proof: str  # tells what made the digests
    phones: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()

    def has(self, phone: str, key: str) -> bool:
        """Whether somebody with this phone or this key was erased, by digest."""
        return phone in self.phones or key in self.keys


class RolloutMark(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How far the rollout of one wave has come. Times in Unix milliseconds."""

    wave: str
    steps: str  # digest of the steps it counts
    step: int  # the step reached, from 1; 0 where the steps changed and the gate of what was called comes first
    begun_ms: int  # when that was
    last_add_ms: int  # when calls were last added, or that step was reached
    reach: int = 0  # calls in the step when it was last applied; 0 for all
    is_over: bool = False  # the last step's gate has held: new calls are added at once, and nothing is judged
    aborted: str = ""  # why, in words; nobody more is called until a person says so
    aborts: int = 0  # how often it was aborted, in this wave or an older one
    accepted: dict[str, int] = {}  # results of before a person said so, by name: they are not judged again


class Header(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The first line of a lockfile."""

    format: int
    campaign: str
    lineage: str  # random, given once: tells copies of this lock from other locks
    serial: int  # counts the replacements of this lockfile
    host: str
    salt: str = ""  # hex; only when no secret is configured
    secret_check: str = ""  # tells whether the configured secret is the one the digests were made with
    rekeyed: str = ""  # keys of the secrets before this one, wrapped under it (`wrapping.py`); format 2
    token: str = ""  # digest
    remote: str = ""  # digest of the server's id of the campaign
    state: str = ""  # of the campaign when an apply last looked; "" where that is what the last control led to
    control: str = ""  # last control that succeeded, or "new" where a refused pause showed it never ran
    policy: dict[str, Any] = {}  # campaign-level call policy, secrets digested
    payload: dict[str, Any] = {}
    decisions: tuple[Decision, ...] = ()  # oldest first
    added: tuple[Span, ...] = ()  # which calls were added when, and when all were over; see `days.py`
    erased: Erased | None = None  # whom nobody calls again, and nothing else of them; see `erasure.py`
    waves: tuple[str, ...] = ()  # in the order in which they were begun; see `waves.py`
    lists: dict[str, int] = {}  # calls of each list when they were last taken as they are, by digest of its name
    suppressions: dict[str, int] = {}  # the same of suppression files: entries, by digest of the file's name
    rollout: RolloutMark | None = None  # of the campaign's latest wave that had one


class Lock(msgspec.Struct, frozen=True):
    """A lockfile in memory. `calls` maps (key, wave) to what is remembered: a dict, or a `Ledger` where it is long."""

    header: Header
    calls: MutableMapping[CallId, LockedCall]
    is_new: bool = False  # no lockfile exists yet

    @property
    def ledger(self) -> Ledger | None:
        """The calls where they are as many as need to be handled in columns."""
        return None if isinstance(self.calls, dict) else cast("Ledger", self.calls)

    def with_status(self, statuses: Collection[CallStatus]) -> list[LockedCall]:
        """The calls that have one of these statuses."""
        if self.ledger is not None:
            return self.ledger.with_status(statuses)
        return [call for call in self.calls.values() if call.status in statuses]

    def statuses(self, wave: str) -> Mapping[CallStatus, int]:
        """How many calls of this wave have which status."""
        if self.ledger is not None:
            return self.ledger.count(wave)
        return Counter(call.status for call in self.calls.values() if call.wave == wave)

    def count_statuses(self) -> Counter[CallStatus]:
        """How many calls have which status."""
        if self.ledger is not None:
            return self.ledger.count_statuses()
        return Counter(call.status for call in self.calls.values())

    def pick(self, ids: Sequence[CallId]) -> list[LockedCall]:
        """These calls, in the order of `ids`. Raises KeyError where one is not known."""
        return [self.calls[call_id] for call_id in ids] if self.ledger is None else self.ledger.pick(ids)

    def among(self, ids: Sequence[CallId]) -> list[LockedCall]:
        """Those of these calls that are known, in any order."""
        if self.ledger is not None:
            return self.ledger.among(ids)
        return [self.calls[call_id] for call_id in ids if call_id in self.calls]

    def drop(self, ids: Sequence[CallId]) -> None:
        """Forgets these calls, in place."""
        if self.ledger is not None:
            self.ledger.drop(ids)
            return
        for call_id in ids:
            self.calls.pop(call_id, None)

    def copy(self) -> Lock:
        """A lock whose calls may be changed without changing this one's."""
        return Lock(self.header, self.calls.copy(), self.is_new)  # type: ignore[attr-defined] # dict and Ledger have it

    def with_calls(self, changed: Iterable[LockedCall]) -> Lock:
        """The lock with these calls added or replaced."""
        lock = self.copy()
        lock.calls.update({call.call_id: call for call in changed})
        return lock
