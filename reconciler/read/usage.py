"""What the locks of other campaigns count towards a cap.

Each lock is asked by the digests its own secret or salt makes of the phones in question. A long one is asked as
columns: which of its lines are of these phones and count, and only those become calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from reconciler.lock.days import days_of, line_days
from reconciler.lock.journal import parse_journal, replay, with_doubts
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import CallStatus, Header, Lock, LockedCall
from reconciler.lock.opening import open_keyer
from reconciler.lock.stores import Store, Stored
from reconciler.manifest.model import Cap
from reconciler.plan.cap import Use, counted_by
from reconciler.plan.model import Add, Plan, Replace, fresh, known

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    import numpy as np
    from numpy.typing import NDArray

    from reconciler.lock.columns import Letters, Positions


class Other(msgspec.Struct, frozen=True):
    """The lock of another campaign, and what makes its digests."""

    name: str
    lock: Lock
    keyer: Keyer

    @property
    def proof(self) -> str:
        """Tells its keyer from those of others."""
        return self.keyer.phone("the same digest for the same phone")


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
        self._found: tuple[_Found, ...] | None = None  # in the locks of the others, once somebody asks

    def of(self, phones: Mapping[str, str]) -> Mapping[str, Sequence[Use]]:
        """The calls of other campaigns to these phones (E.164 digits, by digest), by the same digest.

        Also those this run has planned and not made. May be asked about any number of phones, again and again.
        """
        if self._found is None:
            self._found = tuple(_found_in(other, self.caps, self.today) for other in self._others)
        uses: dict[str, list[Use]] = {}
        made: dict[str, Mapping[str, str]] = {}  # by what tells one keyer from another: campaigns mostly share a secret
        for other, found in zip(self._others, self._found, strict=True):
            if other.proof not in made:
                made[other.proof] = _under(other.keyer, phones)
            ours = made[other.proof]
            for digest, use in found.of(ours.keys()):
                uses.setdefault(ours[digest], []).append(use)
        for campaign, planned in self._planned.items():
            for digest in (digest for digest, phone in phones.items() if phone in planned):
                uses.setdefault(digest, []).append(Use(self.today, campaign, CallStatus.PLANNED))
        return uses


class _Found(msgspec.Struct, frozen=True):
    """What a lock has of calls that count, by the digests it knows their phones by."""

    campaign: str
    calls: Mapping[str, Sequence[Use]]
    lines: _Lines | None = None  # of a long lock

    def of(self, phones: Collection[str]) -> Iterator[tuple[str, Use]]:
        """Those of these phones."""
        for phone in self.calls.keys() & phones:
            yield from ((phone, use) for use in self.calls[phone])
        if self.lines is not None and phones:
            for phone, day, status in self.lines.of(phones):
                yield phone, Use(day, self.campaign, status)


class _Lines(msgspec.Struct, frozen=True):
    """Lines of a long lock, column by column, in the order of their phones."""

    phones: NDArray[np.bytes_]
    days: Positions
    statuses: Letters

    def of(self, phones: Collection[str]) -> Iterator[tuple[str, int, CallStatus]]:
        """Phone, day and status of those of these phones."""
        import numpy as np

        asked = np.array([*phones], "S12")
        first, behind = np.searchsorted(self.phones, asked), np.searchsorted(self.phones, asked, "right")
        for at in np.flatnonzero(first < behind).tolist():
            for line in range(first[at], behind[at]):
                yield asked[at].decode(), int(self.days[line]), _STATUSES[int(self.statuses[line])]


def _found_in(other: Other, caps: Sequence[Cap], today: int) -> _Found:
    """What counts towards these caps in one lock. A long one is looked through a part at a time."""
    counted, ledger, header = counted_by(caps), other.lock.ledger, other.lock.header
    if ledger is None:
        return _Found(other.name, _by_phone(other.name, header, other.lock.calls.values(), counted, today))
    import numpy as np

    oldest, later = today - max((cap.days for cap in caps), default=0), [*ledger.later()]
    kept: list[tuple[NDArray[np.bytes_], Positions, Letters]] = [_none()]
    lines = np.flatnonzero(ledger.holds & ledger.are(counted))
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        days, are_known = line_days(header, ledger, some, today)
        later += ledger.calls(some[~are_known])
        is_recent = are_known & (days >= oldest)
        kept.append((ledger.columns.phones(some[is_recent]), days[is_recent], ledger.statuses[some[is_recent]]))
    phones, day, status = (np.concatenate(columns) for columns in zip(*kept, strict=True))
    order = np.argsort(phones, kind="stable")
    by_phone = _by_phone(other.name, header, later, counted, today)
    return _Found(other.name, by_phone, _Lines(phones[order], day[order], status[order]))


def _none() -> tuple[NDArray[np.bytes_], Positions, Letters]:
    import numpy as np

    return np.empty(0, "S12"), np.empty(0, np.int64), np.empty(0, np.uint8)


def _by_phone(
    campaign: str, header: Header, calls: Iterable[LockedCall], counted: Collection[CallStatus], today: int
) -> dict[str, list[Use]]:
    some = [call for call in calls if call.status in counted]
    found: dict[str, list[Use]] = {}
    for call, day in zip(some, days_of(header, some, today), strict=True):
        found.setdefault(call.phone, []).append(Use(day, campaign, call.status))
    return found


def _under(keyer: Keyer, phones: Mapping[str, str]) -> Mapping[str, str]:
    """By the digests that this keyer makes of the phones, the digests they are known by here."""
    own, phone = next(iter(phones.items()), ("", ""))
    if own == keyer.phone(phone):  # then it is the keyer of the digests they are known by
        return dict(zip(phones, phones, strict=True))
    theirs = keyer.texts(b"phone", [phone.encode() for phone in phones.values()])
    return dict(zip(theirs, phones, strict=True))


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
        singly = (action.wanted.call.phone for action in known(plan.actions) if isinstance(action, Add | Replace))
        in_columns = (part.phones() for part in fresh(plan.actions).parts)
        self._planned[campaign] = {*singly, *chain.from_iterable(in_columns)}

    def _others(self) -> Iterator[Other]:
        for name, store in sorted(self._stores().items()):
            stored, before = store.read(), self._read.get(name)
            if before is None or before[0] != stored:
                before = self._read[name] = (stored, read_other(name, stored, store.shown, self._secret))
            if before[1] is not None:
                yield before[1]


def read_other(name: str, stored: Stored, shown: str, secret: str | None) -> Other | None:
    """The lock that is stored, with what is in doubt; None where nothing is. Raises LockError when it is unusable."""
    if stored.lock is None:
        return None
    lock = decode_lock(stored.lock, campaign=name, shown=shown)
    keyer = open_keyer(lock.header, secret, shown)
    journal = f"the journal of {shown}"
    lock, opened = replay(lock, parse_journal(stored.journal, journal).entries, journal)
    return Other(name, with_doubts(lock, opened), keyer)
