"""When a phone was called last, in a few bytes for all the calls of a day.

A day beside every call would make a lockfile longer than a hundred bytes a call. Servers give jobs rising ids, so
the header says from which id on calls were added on which day, and on which day all of those were over. A call counts
as made on the day its whole span was over; until then as made today. Where ids do not rise, older calls count as
made with newer ones: that errs towards calling later, never sooner.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import msgspec

from reconciler.lock.job_ids import as_number, lowest
from reconciler.lock.model import DOUBTFUL, CallStatus, Header, Lock, LockedCall, Span

if TYPE_CHECKING:
    from reconciler.lock.columns import Flags, Positions
    from reconciler.lock.ledger import Ledger

DAY_S: Final = 86_400
KEPT: Final = 1000
"""Days after which it is of no interest any more when a call was made: a cap goes back 999."""

_AT_ONCE: Final = 20_000  # lines looked at together

OPEN: Final = frozenset(status for status in CallStatus if status.is_live) | DOUBTFUL
"""A call with one of these statuses may ring, or may have rung, at any time."""


def day_of(unix_ms: int) -> int:
    """The day of a moment, UTC."""
    return unix_ms // (1000 * DAY_S)


def added_on(header: Header, job_ids: Iterable[str], day: int) -> Header:
    """The header once jobs with these ids were created on that day."""
    first = lowest([job_id for job_id in job_ids if job_id])
    if first < 0:
        return header
    spans = [span for span in header.added if span.first < first or span.first == 0 < first]
    if not spans:
        spans = [Span(0, day)]  # whatever was there before is of a day nobody knows: it counts from now on
    elif spans[-1].day >= day:
        spans[-1] = Span(spans[-1].first, spans[-1].day)
    else:
        spans.append(Span(first, day))
    return msgspec.structs.replace(header, added=tuple(spans))


def settled(lock: Lock, today: int) -> Header:
    """The lock's header with the spans noted as over of which no call can ring any more."""
    spans = lock.header.added
    if all(span.over for span in spans):
        return lock.header
    still_open = _open_spans(lock)
    noted = [Span(s.first, s.day, s.over or (0 if at in still_open else today)) for at, s in enumerate(spans)]
    while len(noted) > 1 and noted[0].over and 0 < noted[1].over < today - KEPT:
        noted[:2] = [Span(0, noted[1].day, noted[1].over)]
    return msgspec.structs.replace(lock.header, added=tuple(noted))


def days_of(header: Header, calls: Sequence[LockedCall], today: int) -> list[int]:
    """The day each of these calls counts as made on: today for those that are open, or of a day nobody knows."""
    firsts = [span.first for span in header.added]
    overs = [span.over or today for span in header.added] or [today]
    decided = {call_id: _day(decision.at) for decision in header.decisions for call_id in decision.calls}

    def day(call: LockedCall) -> int:
        if call.status in OPEN:
            return today
        if not call.job_id:  # a person vouched that it was sent
            return decided.get(call.call_id, today)
        return overs[max(0, bisect_right(firsts, as_number(call.job_id)) - 1)]

    return [day(call) for call in calls]


def line_days(header: Header, ledger: Ledger, lines: Positions, today: int) -> tuple[Positions, Flags]:
    """The same of these lines, and of which of them it is known: the ids of their jobs are plain numbers."""
    import numpy as np

    from reconciler.lock.id_numbers import read_numbers

    numbers, are_numbers = read_numbers(ledger.columns, lines)
    firsts = np.array([span.first for span in header.added] or [0], np.uint64)
    overs = np.array([span.over or today for span in header.added] or [today])
    days = overs[np.maximum(np.searchsorted(firsts, numbers, "right"), 1) - 1]
    return np.where(ledger.are(OPEN)[lines], today, days), are_numbers


def _day(moment: str) -> int:
    """The day of an ISO 8601 moment."""
    return date.fromisoformat(moment[:10]).toordinal() - date(1970, 1, 1).toordinal()


def _open_spans(lock: Lock) -> set[int]:
    """The positions of the spans that have a call which may still ring."""
    firsts, ledger = [span.first for span in lock.header.added], lock.ledger
    found: set[int] = set()
    if ledger is not None:
        found = _in_columns(ledger, firsts, (ledger.holds & ledger.are(OPEN)).nonzero()[0])
    calls = lock.calls.values() if ledger is None else ledger.later()
    # A call in doubt has no job yet: it may be of the newest.
    numbers = (as_number(call.job_id) if call.job_id else firsts[-1] for call in calls if call.status in OPEN)
    return found | {max(0, bisect_right(firsts, number) - 1) for number in numbers}


def _in_columns(ledger: Ledger, firsts: list[int], lines: Positions) -> set[int]:
    import numpy as np

    from reconciler.lock.id_numbers import read_numbers

    found: set[int] = set()
    for start in range(0, len(lines), _AT_ONCE):
        numbers, are_numbers = read_numbers(ledger.columns, lines[start : start + _AT_ONCE])
        numbers[~are_numbers] = 0
        at = np.searchsorted(np.array(firsts, np.uint64), numbers, "right")
        found.update((np.maximum(np.unique(at), 1) - 1).tolist())
    return found
