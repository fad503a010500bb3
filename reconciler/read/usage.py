"""What the locks of other campaigns count towards a cap.

Each lock is asked by the digests its own secret or salt makes of the phones in question. A long one is asked as
columns: which of its lines are of these phones and count, and only those become calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from reconciler.lock.days import days_of, line_days
from reconciler.lock.journal import parse_journal, replay, with_doubts
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import CallStatus, Lock, LockedCall
from reconciler.lock.opening import open_keyer
from reconciler.lock.stores import Store, Stored
from reconciler.manifest.model import Cap
from reconciler.plan.cap import Use, counted_by
from reconciler.plan.model import Add, Plan, Replace

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    import numpy as np
    from numpy.typing import NDArray

    from reconciler.lock.columns import Flags

_PROBE = "the same digest for the same phone"


class Other(msgspec.Struct, frozen=True):
    """The lock of another campaign, and what makes its digests."""

    name: str
    lock: Lock
    keyer: Keyer


class Counted:
    """The calls that other campaigns' locks count towards `caps`. Is a `Usage`."""

    def __init__(
        self,
        caps: Sequence[Cap],
        today: int,
        others: Iterable[Other],
        planned: Mapping[str, Collection[str]],
    ) -> None:
        self.caps, self.today = caps, today
        self._others, self._planned = tuple(others), planned
        self._counted = counted_by(caps)

    def of(self, phones: Mapping[str, str]) -> Mapping[str, Sequence[Use]]:
        """The calls of other campaigns to these phones (E.164 digits, by digest), by the same digest.

        Also those this run has planned and not made.
        """
        found: dict[str, list[Use]] = {}
        made: dict[str, dict[str, str]] = {}  # by what tells one keyer from another: campaigns mostly share a secret
        for other in self._others:
            known = other.keyer.phone(_PROBE)
            if known not in made:
                made[known] = _under(other.keyer, phones)
            for digest, use in self._uses(other, made[known]):
                found.setdefault(made[known][digest], []).append(use)
        for campaign, planned in self._planned.items():
            for digest in (digest for digest, phone in phones.items() if phone in planned):
                found.setdefault(digest, []).append(Use(self.today, campaign, CallStatus.PLANNED))
        return found

    def _uses(self, other: Other, phones: Mapping[str, str]) -> Iterator[tuple[str, Use]]:
        """What one lock has of these phones."""
        ledger = other.lock.ledger
        if not phones:
            return
        if ledger is None:
            yield from self._one_by_one(other, phones, other.lock.calls.values())
            return
        yield from self._one_by_one(other, phones, ledger.later())
        import numpy as np

        wanted = np.array(sorted(phones), "S12")
        lines = np.flatnonzero(ledger.holds & ledger.are(self._counted))
        for start in range(0, len(lines), _AT_ONCE):
            some = lines[start : start + _AT_ONCE]
            some = some[_are_among(ledger.columns.phones(some), wanted)]
            days, are_known = line_days(other.lock.header, ledger, some, self.today)
            yield from self._one_by_one(other, phones, ledger.calls(some[~are_known]))
            is_recent = are_known & (days >= self.today - max(cap.days for cap in self.caps))
            picked = some[is_recent]
            digests, statuses = ledger.columns.phones(picked).tolist(), ledger.statuses[picked].tolist()
            for phone, day, status in zip(digests, days[is_recent].tolist(), statuses, strict=True):
                yield phone.decode(), Use(day, other.name, _STATUSES[status])

    def _one_by_one(
        self, other: Other, phones: Mapping[str, str], calls: Iterable[LockedCall]
    ) -> Iterator[tuple[str, Use]]:
        counted = [call for call in calls if call.status in self._counted and call.phone in phones]
        for call, day in zip(counted, days_of(other.lock.header, counted, self.today), strict=True):
            yield call.phone, Use(day, other.name, call.status)


def _under(keyer: Keyer, phones: Mapping[str, str]) -> dict[str, str]:
    """By the digests that this keyer makes of the phones, the digests they are known by here."""
    theirs = keyer.texts(b"phone", [phone.encode() for phone in phones.values()])
    return dict(zip(theirs, phones, strict=True))


def _are_among(digests: NDArray[np.bytes_], ordered: NDArray[np.bytes_]) -> Flags:
    """Which of the digests are one of the others, which are in order."""
    import numpy as np

    at = np.minimum(np.searchsorted(ordered, digests), len(ordered) - 1)
    found: Flags = ordered[at] == digests
    return found


_AT_ONCE = 100_000  # lines looked at together
_STATUSES = {ord(status): status for status in CallStatus}


class Neighbourhood:
    """The locks of all campaigns of a run, and of all that lie beside them; each is read again only when it changed.

    `stores` gives them by the campaign's name, at the time of asking.
    """

    def __init__(self, stores: Callable[[], Mapping[str, Store]], secret: str | None, today: int) -> None:
        self._stores, self._secret, self._today = stores, secret, today
        self._read: dict[str, tuple[Stored, Other | None]] = {}
        self._planned: dict[str, Collection[str]] = {}

    def usage(self, campaign: str, caps: Sequence[Cap]) -> Counted:
        """What counts for this campaign besides its own calls. Raises LockError when a lock cannot be read."""
        others = [other for other in self._others() if other.name != campaign]
        planned = {name: phones for name, phones in self._planned.items() if name != campaign}
        return Counted(caps, self._today, others, planned)

    def plans(self, campaign: str, plan: Plan) -> None:
        """Takes note of what this run plans for a campaign and does not do: later campaigns count it."""
        self._planned[campaign] = {a.wanted.call.phone for a in plan.actions if isinstance(a, Add | Replace)}

    def _others(self) -> Iterator[Other]:
        for name, store in sorted(self._stores().items()):
            stored, known = store.read(), self._read.get(name)
            if known is None or known[0] != stored:
                known = self._read[name] = (stored, read_other(name, stored, store.shown, self._secret))
            if known[1] is not None:
                yield known[1]


def read_other(name: str, stored: Stored, shown: str, secret: str | None) -> Other | None:
    """The lock that is stored, with what is in doubt; None where nothing is. Raises LockError when it is unusable."""
    if stored.lock is None:
        return None
    lock = decode_lock(stored.lock, campaign=name, shown=shown)
    keyer = open_keyer(lock.header, secret, shown)
    journal = f"the journal of {shown}"
    lock, opened = replay(lock, parse_journal(stored.journal, journal).entries, journal)
    return Other(name, with_doubts(lock, opened), keyer)
