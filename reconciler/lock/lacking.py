"""What one version of a lock remembers and another one does not: a larger serial alone does not make it the later one.

Two machines that go on from one lock each count on by themselves. A later version has every job of an earlier one,
present or former, whatever became of its call.
"""

from __future__ import annotations

from typing import Final

import msgspec

from reconciler.errors import calls_text
from reconciler.lock.model import CallStatus, Header, Lock
from reconciler.lock.owned import OwnedJobs

_HELD: Final = frozenset({CallStatus.IN_DOUBT, CallStatus.VOUCHED})  # also without a job nobody adds these


class Lacking(msgspec.Struct, frozen=True):
    """What is not remembered, counted: each may have somebody called who must not be."""

    jobs: int = 0
    held: int = 0  # calls without a job, in doubt or sent as a person decided
    erased: int = 0  # people

    def __bool__(self) -> bool:
        return bool(self.jobs or self.held or self.erased)

    def __str__(self) -> str:
        jobs = f"{self.jobs:,} {'job' if self.jobs == 1 else 'jobs'}" if self.jobs else ""
        held = f"{calls_text(self.held)} in doubt or decided about" if self.held else ""
        erased = f"{self.erased:,} erased" if self.erased else ""
        return ", ".join(filter(None, (jobs, held, erased)))


def lacking(new: Lock, old: Lock) -> Lacking:
    """What `old` remembers and `new` does not.

    Calls without a job and erased people are known by digests only. Where one of the two got another secret these
    cannot be compared: then only jobs are.
    """
    jobs = OwnedJobs(old).count_beyond(OwnedJobs(new))
    if _digests(new.header) != _digests(old.header):
        return Lacking(jobs)
    return Lacking(jobs, _count_held(new, old), _count_erased(new.header, old.header))


def _digests(header: Header) -> tuple[str, str]:
    """What is the same exactly where digests are."""
    return header.salt, header.secret_check


def _count_held(new: Lock, old: Lock) -> int:
    """The calls that have no job, are held all the same, and could be added by whoever starts from `new`."""
    held = [call.call_id for call in old.with_status(_HELD) if not call.job_id]
    known = sum(not call.status.is_free for call in new.among(held))
    return len(held) - known


def _count_erased(new: Header, old: Header) -> int:
    if old.erased is None:
        return 0
    phones, keys = (set(new.erased.phones), set(new.erased.keys)) if new.erased else (set(), set())
    return max(len(set(old.erased.phones) - phones), len(set(old.erased.keys) - keys))
