"""What the locks of other campaigns count towards a cap.

Phones are compared by their digests, so the locks have to be made with one secret. A long lock is asked as columns:
which of its lines are of these phones and count, and only those become calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from reconciler.errors import Refusal
from reconciler.lock.days import days_of
from reconciler.lock.journal import parse_journal, replay, with_doubts
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import CallStatus, Lock, LockedCall
from reconciler.lock.stores import Store, Stored
from reconciler.manifest.model import Cap
from reconciler.plan.cap import COUNTED, Use
from reconciler.plan.model import Add, Plan, Replace
from reconciler.read.remembered import keyer_of

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

    def of(self, phones: Collection[str]) -> Mapping[str, Sequence[Use]]:
        """The calls of other campaigns to these phones, by digest; also those this run has planned and not made."""
        found: dict[str, list[Use]] = {}
        for other in self._others:
            calls = [*_calls_to(other.lock, phones)]
            for call, day in zip(calls, days_of(other.lock.header, calls, self.today), strict=True):
                found.setdefault(call.phone, []).append(Use(day, other.name, call.status))
        for campaign, planned in self._planned.items():
            for phone in set(phones).intersection(planned):
                found.setdefault(phone, []).append(Use(self.today, campaign, CallStatus.PLANNED))
        return found


def _calls_to(lock: Lock, phones: Collection[str]) -> Iterator[LockedCall]:
    """The calls to these phones that may count."""
    ledger = lock.ledger
    if ledger is None:
        yield from (call for call in lock.calls.values() if call.phone in phones and call.status in COUNTED)
        return
    import numpy as np

    wanted = np.array(sorted(phones), "S12")
    lines = np.flatnonzero(ledger.holds & ledger.are(COUNTED))
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        yield from ledger.calls(some[np.isin(ledger.columns.phones(some), wanted)])
    yield from (call for call in ledger.later() if call.phone in phones and call.status in COUNTED)


_AT_ONCE = 100_000  # lines looked at together


class Neighbourhood:
    """The locks of all campaigns of a run, and of all that lie beside them; each is read again only when it changed.

    `stores` gives them by the campaign's name, at the time of asking.
    """

    def __init__(self, stores: Callable[[], Mapping[str, Store]], secret: str | None, today: int) -> None:
        self._stores, self._secret, self._today = stores, secret, today
        self._read: dict[str, tuple[Stored, Other | None]] = {}
        self._planned: dict[str, Collection[str]] = {}

    def usage(self, campaign: str, caps: Sequence[Cap], keyer: Keyer) -> Counted:
        """What counts for this campaign besides its own calls.

        Raises Refusal when a lock has other digests than this campaign's, LockError when one cannot be read.
        """
        others = [other for other in self._others() if other.name != campaign]
        for other in others:
            if other.keyer.phone(_PROBE) != keyer.phone(_PROBE):
                raise Refusal(
                    f"a cap counts the calls of all campaigns, but the locks of {campaign} and {other.name} were not "
                    "made with one secret, so their phones cannot be compared; set one CAMPAIGN_LOCK_SECRET before "
                    "the first apply of each campaign"
                )
        planned = {name: phones for name, phones in self._planned.items() if name != campaign}
        return Counted(caps, self._today, others, planned)

    def plans(self, campaign: str, plan: Plan) -> None:
        """Takes note of what this run plans for a campaign and does not do: later campaigns count it."""
        self._planned[campaign] = {a.wanted.phone for a in plan.actions if isinstance(a, Add | Replace)}

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
    keyer = keyer_of(lock.header, secret, shown)
    journal = f"the journal of {shown}"
    lock, opened = replay(lock, parse_journal(stored.journal, journal).entries, journal)
    return Other(name, with_doubts(lock, opened), keyer)
