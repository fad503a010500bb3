"""diff(desired, observed, locked) → actions and notes on calls. Pure: the same values give the same diff.

One pass over the wanted calls decides each by itself; candidates for a new job are then held against every other
call of the same phone or key; one pass over the lock finds what is no longer wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Protocol

import msgspec

from reconciler.calls.model import CampaignDetails, CampaignState, Dialect, Job
from reconciler.lock.erasure import Graves
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallId, CallStatus, Erased, Lock, LockedCall
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Call, Desired
from reconciler.plan.decide import RESTING, decide_conflict, decide_unwanted, decide_wanted
from reconciler.plan.fresh import NONE, Fresh
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    Cancel,
    Frozen,
    Note,
    Reason,
    Replace,
    Unmanaged,
    subject_of,
)
from reconciler.plan.wanted import Wanted


class Sightings(Protocol):
    """What a report said of as many jobs as are not held one by one."""

    def fold_into(self, lock: Lock) -> Lock:
        """The lock with the statuses that follow from it."""
        ...

    def attempts(self, calls: Sequence[LockedCall]) -> Mapping[str, int]:
        """How many attempts the jobs of these calls have made, by the job's id; those without are left out."""
        ...


class Unseen(msgspec.Struct, frozen=True):
    """There are jobs in the campaign of which nobody knows whose they are: so many are counted, so many listed."""

    counted: int
    listed: int


class Observed(msgspec.Struct, frozen=True):
    """What the server said. `jobs` holds, by id, every job that was asked for and found."""

    dialect: Dialect | None = None
    state: CampaignState | None = None
    jobs: Mapping[str, Job] = {}
    asked: frozenset[str] = frozenset()  # job ids; one that is not in `jobs` is missing
    sightings: Sightings | None = None  # instead of `jobs` and `asked`, where the lock is a ledger
    foreign: tuple[Job, ...] = ()  # jobs of the campaign that the lock does not own
    unseen: Unseen | None = None  # where there are more than these and ours
    is_refreshed: bool = False
    details: CampaignDetails | None = None  # of the campaign as a whole, where the server tells


class Aside(msgspec.Struct, frozen=True):
    """What was left out of a comparison because it is plain what to do about it, as far as the rest has to know of it.

    That is nothing, or, about those that are `fresh`, to add them.
    """

    in_step: int = 0  # wanted calls
    suppressed: int = 0  # rows
    met: frozenset[str] = frozenset()  # phones of those rows
    live: int = 0  # remembered calls
    waiting: int = 0  # remembered calls that are queued or wait for another attempt
    remembered: int = 0  # remembered calls, whatever became of them
    known: tuple[LockedCall, ...] = ()  # those that share a phone or a key with what is compared
    wanted_keys: frozenset[str] = frozenset()  # digests of keys that are wanted, in some wave
    attempts: Mapping[str, int] = {}  # by id of a job: those made for calls that are compared
    statuses: Mapping[CallStatus, int] | None = None  # of all calls of the wave; None where none is left out
    fresh: Fresh = NONE  # nothing is remembered of their keys and phones; not suppressed


_DIALLED: Final = 11  # digits, the 8 included
NOTHING = Aside()
NOBODY = Graves()


def refreshed(lock: Lock, observed: Observed) -> Lock:
    """The lock with the statuses the server reported; calls nobody asked about keep theirs."""
    if observed.sightings is not None:
        return observed.sightings.fold_into(lock)
    if not observed.asked:
        return lock
    return lock.with_calls(
        call.with_status(call.seen(observed.jobs.get(call.job_id)))
        for call in lock.calls.values()
        if call.job_id in observed.asked
    )


def foreign_phones(jobs: Iterable[Job]) -> frozenset[str]:
    """The E.164 digits of all whom these jobs of others may be about.

    We hand numbers in as E.164. Others may have written a Russian or Kazakh one with the 8 it is dialled with there.
    """
    phones = {job.phone for job in jobs}
    dialled = {"7" + phone[1:] for phone in phones if len(phone) == _DIALLED and phone.startswith("8")}
    return frozenset(phones | dialled)


def identify(calls: Sequence[Call], keyer: Keyer) -> list[Wanted]:
    """The wanted calls with the digests the lock knows them by."""
    keys = keyer.texts(b"key", [call.key.encode() for call in calls])
    phones = keyer.texts(b"phone", [call.phone.encode() for call in calls])
    requests = keyer.texts(b"request", [call.request for call in calls])
    return [*map(Wanted, calls, keys, phones, requests)]


class CallDiff:
    """One comparison: the wanted calls against the lock."""

    def __init__(
        self,
        campaign: Campaign,
        desired: Desired,
        lock: Lock,
        observed: Observed,
        keyer: Keyer,
        aside: Aside = NOTHING,
        graves: Graves = NOBODY,
    ) -> None:
        suppressed = desired.suppressed
        kept = [call for call in desired.calls if call.phone not in suppressed] if suppressed else desired.calls
        known = identify(kept, keyer)
        gone = [*_erased(known, lock.header.erased, graves)]
        self.wanted = {w.call_id: w for w in known}
        for w in gone:
            del self.wanted[w.call_id]
        self.erased = len(gone)
        met = aside.met | suppressed.intersection([call.phone for call in desired.calls])
        self._suppressed = _Suppressed(met, suppressed, keyer)
        self._observed, self._aside = observed, aside
        self._adds_after_others = campaign.on_external_cancel == "add"
        self._foreign = foreign_phones(observed.foreign) if campaign.foreign == "block" else frozenset()
        moves = _moves(self.wanted, lock.calls)
        # A call in doubt stays under the key its request was written down with: what it became is recorded there.
        self._moved = {call_id: a for call_id, a in moves.items() if a.locked.status is not CallStatus.IN_DOUBT}
        self._in_doubt = moves.keys() - self._moved.keys()
        self._locked = _after_moves(lock.calls, self._moved)
        self._waves = lock.header.waves
        self._cancels: list[Cancel] = []
        self.notes: list[Note] = [Unmanaged(len(observed.foreign))] if observed.foreign else []
        self.notes += (Frozen(subject_of(w), Reason.ERASED) for w in gone)
        self.changed: list[tuple[Wanted, LockedCall]] = []  # as remembered from another request, whatever comes of it
        self.in_step = aside.in_step

    def actions(self) -> list[Add | Cancel | Replace | Adopt]:
        """The actions on calls; fills `notes`, `changed` and `in_step`."""
        candidates = self._decide_wanted()
        self._decide_unwanted()
        kept = self._without_conflicts(candidates)
        return [*self._moved.values(), *self._cancels, *kept]

    def _decide_wanted(self) -> list[Add | Replace]:
        candidates: list[Add | Replace] = []
        for call_id, wanted in self.wanted.items():
            locked = self._locked.get(call_id)
            if locked is not None and locked.request != wanted.request:
                self.changed.append((wanted, locked))
            found = self._decide(wanted, locked)
            if found is None:
                self.in_step += 1
            elif isinstance(found, Add | Replace):
                candidates.append(found)
            else:
                self.notes.append(found)
        return candidates

    def _decide(self, wanted: Wanted, locked: LockedCall | None) -> Add | Replace | Note | None:
        if wanted.call_id in self._in_doubt:
            return Blocked(subject_of(wanted), Reason.IN_DOUBT)
        attempts = self._attempts(locked)
        found = decide_wanted(wanted, locked, attempts=attempts, adds_after_others=self._adds_after_others)
        # A phone that is still wanted is not suppressed, or it would have been left out.
        if locked is None or locked.phone == wanted.phone or locked.phone not in self._suppressed:
            return found
        # The key has another phone now; its old one must not ring, whatever becomes of the new one.
        taken_back = decide_unwanted(locked, Reason.SUPPRESSED)
        if isinstance(taken_back, Cancel):
            self._cancels.append(taken_back)
        return Add(wanted, Reason.CHANGED, locked) if isinstance(found, Replace) else found

    def _attempts(self, locked: LockedCall | None) -> int:
        if locked is None:
            return 0
        job = self._observed.jobs.get(locked.job_id)
        return job.attempts if job else self._aside.attempts.get(locked.job_id, 0)

    def _decide_unwanted(self) -> None:
        wanted_keys = self._aside.wanted_keys | {wanted.key for wanted in self.wanted.values()}
        for call_id, locked in self._locked.items():
            if call_id in self.wanted:
                continue
            if locked.status in RESTING:
                continue
            found = decide_unwanted(locked, self._why_unwanted(locked, wanted_keys))
            if isinstance(found, Cancel):
                self._cancels.append(found)
            elif found is not None:
                self.notes.append(found)

    def _why_unwanted(self, locked: LockedCall, wanted_keys: Collection[str]) -> Reason:
        if locked.phone in self._suppressed:
            return Reason.SUPPRESSED
        return Reason.OLDER_WAVE if locked.key in wanted_keys else Reason.REMOVED

    def _without_conflicts(self, candidates: list[Add | Replace]) -> list[Add | Replace]:
        others = self._others_of(candidates)
        if not others and not self._foreign:
            return candidates
        replaced = {c.locked.call_id for c in candidates if isinstance(c, Replace)}
        taken_back = replaced | {cancel.locked.call_id for cancel in self._cancels}
        related = ((candidate, _related(candidate, others)) for candidate in candidates)
        return [_named(c, found) for c, found in related if self._stands(c, found, taken_back)]

    def _others_of(self, candidates: list[Add | Replace]) -> _Others:
        """The remembered calls of the candidates' phones and keys, by either digest."""
        digests = {digest for candidate in candidates for digest in (candidate.wanted.phone, candidate.wanted.key)}
        by_digest: _Others = {}
        for locked in chain(self._locked.values(), self._aside.known):
            for digest in (locked.phone, locked.key):
                if digest in digests:
                    by_digest.setdefault(digest, []).append(locked)
        return by_digest

    def _stands(self, candidate: Add | Replace, related: list[LockedCall], taken_back: Collection[CallId]) -> bool:
        """Whether nothing speaks against it; else that is noted, and a phone its key no longer has is taken back.

        So whoever counted on that phone being taken back was right, whatever falls.
        """
        note = self._foreign_note(candidate) or decide_conflict(
            candidate.wanted,
            related,
            cancelled=taken_back,
            adds_after_others=self._adds_after_others,
            waves=self._waves,
        )
        if note is None:
            return True
        self.notes.append(note)
        if isinstance(candidate, Replace) and not _keeps_phone(candidate):
            self._cancels.append(Cancel(candidate.locked, Reason.REMOVED))
        return False

    def _foreign_note(self, candidate: Add | Replace) -> Note | None:
        is_new_job = isinstance(candidate, Add) or not _keeps_phone(candidate)
        if is_new_job and candidate.wanted.call.phone in self._foreign:
            return Blocked(subject_of(candidate.wanted), Reason.FOREIGN_JOB)
        return None


def _erased(known: Sequence[Wanted], erased: Erased | None, graves: Graves) -> Iterator[Wanted]:
    """Those whose owners were erased, here or from a lock with other digests."""
    if erased is None and not graves.others:
        return
    elsewhere = graves.of([wanted.call.phone for wanted in known])
    for wanted, is_elsewhere in zip(known, elsewhere, strict=True):
        if is_elsewhere or (erased is not None and erased.has(wanted.phone, wanted.key)):
            yield wanted


class _Suppressed:
    """The digests of suppressed phones. Those of a million take a second, so they are made when one is asked for that
    is not `met` in the lists: nearly always nobody is suppressed and taken out of the lists at the same time."""

    def __init__(self, met: frozenset[str], phones: frozenset[str], keyer: Keyer) -> None:
        self._phones, self._keyer = phones - met if met else phones, keyer
        self._met = self._digests_of(met)
        self._others: frozenset[str] | None = None

    def __contains__(self, digest: str) -> bool:
        if digest in self._met:
            return True
        if self._others is None:
            self._others = self._digests_of(self._phones)
        return digest in self._others

    def _digests_of(self, phones: frozenset[str]) -> frozenset[str]:
        return frozenset(self._keyer.texts(b"phone", [*map(str.encode, phones)]))


_Others = dict[str, list[LockedCall]]


def _related(candidate: Add | Replace, others: _Others) -> list[LockedCall]:
    """Every remembered call of the candidate's phone or key but its own, in an order that depends on nothing else."""
    wanted = candidate.wanted
    found = [*others.get(wanted.phone, ()), *others.get(wanted.key, ())]
    if not found:  # nearly always
        return found
    return sorted((o for o in found if o.call_id != wanted.call_id), key=lambda other: other.call_id)


def _keeps_phone(candidate: Replace) -> bool:
    return candidate.wanted.phone == candidate.locked.phone


def _named(candidate: Add | Replace, related: Iterable[LockedCall]) -> Add | Replace:
    """An add whose key had an older wave is called what it is."""
    is_first = isinstance(candidate, Add) and candidate.before is None
    if is_first and any(other.key == candidate.wanted.key for other in related):
        return Add(candidate.wanted, Reason.NEW_WAVE)
    return candidate


def _moves(wanted: Mapping[CallId, Wanted], locked: Mapping[CallId, LockedCall]) -> dict[CallId, Adopt]:
    """The calls whose key changed while phone and wave did not, by their new id. Nobody is called for a new key."""
    arrivals: dict[tuple[str, str], list[Wanted]] = {}
    for call_id, call in wanted.items() if locked else ():
        if call_id not in locked:
            arrivals.setdefault((call.phone, call.call.wave), []).append(call)
    if not arrivals:
        return {}
    found: dict[CallId, Adopt] = {}
    departures = (call for call_id, call in locked.items() if call_id not in wanted)
    for old in sorted(departures, key=_turn):
        waiting = arrivals.get((old.phone, old.wave))
        if waiting:
            new = min(waiting, key=lambda call: (call.request != old.request, call.call_id))
            waiting.remove(new)
            found[new.call_id] = Adopt(new, old)
    return found


def _turn(old: LockedCall) -> tuple[bool, CallId]:
    """What was called or may ring goes first: a leftover without a job that counts must not hide it."""
    return (old.status.is_free or old.status is CallStatus.REJECTED, old.call_id)


def _after_moves(locked: Mapping[CallId, LockedCall], moved: Mapping[CallId, Adopt]) -> dict[CallId, LockedCall]:
    """The remembered calls under their new keys."""
    gone = {adopt.locked.call_id for adopt in moved.values()}
    kept = {call_id: call for call_id, call in locked.items() if call_id not in gone}
    return kept | {call_id: adopted(adopt) for call_id, adopt in moved.items()}


def adopted(adopt: Adopt) -> LockedCall:
    """The remembered call under its new key."""
    return msgspec.structs.replace(adopt.locked, key=adopt.wanted.key)
