"""Looking up jobs whose existence is in doubt.

The API fails a whole report when any item of it is unknown, so a batch with unknown items is taken apart until
exactly those are left. Missing is an id that no answer showed, and a phone that the server said it does not know: a
report that is silent about a phone may be part of one. Being wrong about it calls people twice, therefore a read that
fails raises, and so does an answer that lacks something asked for while showing something not asked for: that may be
the same phone in another spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import msgspec

from reconciler.calls.hygiene import digits_only
from reconciler.calls.model import Job
from reconciler.errors import UnknownItems, Unreadable

BATCH = 2000


class JobReader(Protocol):
    """Whoever can report jobs by id or phone: the client, or a fake of it."""

    def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
        """The jobs; raises UnknownItems when any item is unknown."""
        ...


class Found(msgspec.Struct, frozen=True):
    """The jobs that exist, each once, and what was asked for and does not exist, spelled as it was asked for."""

    jobs: tuple[Job, ...]
    missing_ids: frozenset[str] = frozenset()
    missing_phones: frozenset[str] = frozenset()

    @property
    def missing(self) -> frozenset[str]:
        """Ids and phones together, for callers that asked for one kind."""
        return self.missing_ids | self.missing_phones


def find_jobs(
    client: JobReader, *, job_ids: Iterable[str] = (), phones: Iterable[str] = (), batch: int = BATCH
) -> Found:
    """The jobs of these ids and of these phones (all jobs of each), asked for in batches of `batch`.

    Raises what the client raises for a read that failed, and Unreadable for an answer that contradicts the question or
    leaves out, twice, a phone that the server does not refuse as unknown.
    """
    by_id = _Search(lambda part: client.jobs(job_ids=part), lambda job: job.job_id, str)
    by_phone = _Search(lambda part: client.jobs(phones=part), lambda job: job.phone, digits_only)
    ids = by_id.run(job_ids, batch)
    missing_phones = _unknown(by_phone, phones, batch)
    return Found(tuple((by_id.found | by_phone.found).values()), ids.unknown | ids.left_out, missing_phones)


def _unknown(search: _Search, phones: Iterable[str], batch: int) -> frozenset[str]:
    """The phones the server says it does not know. Those that an answer leaves out are asked for once more, alone."""
    first = search.run(phones, batch)
    again = search.run(sorted(first.left_out), batch)
    if again.left_out:
        what = f"{len(again.left_out):,} of the phones asked for are neither in the answer nor refused as unknown"
        raise Unreadable("getReport", what, "that may be part of a report: try again later")
    return first.unknown | again.unknown


class _Absent(NamedTuple):
    """What was asked for and not found: refused as unknown, or left out of an answer."""

    unknown: frozenset[str]
    left_out: frozenset[str]


class _Search:
    """One kind of item; `spelling` makes two spellings of the same item equal."""

    def __init__(
        self,
        ask: Callable[[tuple[str, ...]], tuple[Job, ...]],
        named_by: Callable[[Job], str],
        spelling: Callable[[str], str],
    ) -> None:
        self._ask, self._named_by, self._spelling = ask, named_by, spelling
        self.found: dict[str, Job] = {}

    def run(self, items: Iterable[str], batch: int) -> _Absent:
        """The items that no answer shows; `found` holds the jobs of the others, by id."""
        asked = tuple(dict.fromkeys(items))
        unknown: set[str] = set()
        left_out: set[str] = set()
        for start in range(0, len(asked), batch):
            self._look(asked[start : start + batch], unknown, left_out)
        return _Absent(frozenset(unknown), frozenset(left_out))

    def _look(self, batch: tuple[str, ...], unknown: set[str], left_out: set[str]) -> None:
        """Adds the items of one batch that are absent to the one or the other."""
        waiting = [batch]
        while waiting:
            part = waiting.pop()
            try:
                jobs = self._ask(part)
            except UnknownItems as refused:
                known, refused_now = self._without(part, refused.items)
                unknown |= refused_now
                waiting += known
            else:
                left_out |= self._absent(part, jobs)

    def _without(self, part: tuple[str, ...], named: frozenset[str]) -> tuple[list[tuple[str, ...]], set[str]]:
        """What to ask next after a refusal, and what is now known to be unknown."""
        if len(part) == 1:
            return [], set(part)
        unknown = {self._spelling(item) for item in named}
        rest = tuple(item for item in part if self._spelling(item) not in unknown)
        if len(rest) < len(part):
            return [rest] if rest else [], set(part) - set(rest)
        middle = len(part) // 2
        return [part[:middle], part[middle:]], set()

    def _absent(self, part: tuple[str, ...], jobs: tuple[Job, ...]) -> set[str]:
        """The items of `part` that an answer does not show."""
        shown = {self._named_by(job) for job in jobs}
        asked = {self._spelling(item): item for item in part}
        absent = asked.keys() - shown
        if absent and shown - asked.keys():
            raise Unreadable("getReport", "the answer lacks jobs asked for and shows others")
        self.found |= {job.job_id: job for job in jobs if self._named_by(job) in asked}
        return {asked[item] for item in absent}
