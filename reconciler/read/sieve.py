"""What is wanted, held against a long lockfile: of a million calls the few about which something may have to be done.

This is where the time of a large plan goes, and all of it is done to whole columns of a chunk: digest the keys and the
requests, find the lines of those keys, compare. A call whose line has the same request, in a status that asks for
nothing, is in step: it falls through, and of the call nothing is kept but a mark at its line. Calls whose key has no
line are kept in columns, as `plan/fresh.py` has them, unless something is known of their keys or phones after all. All
others are held back as calls, and together with what is remembered of them, of their phones and of their keys they are
all that `plan/` has to look at.

The lists are read before the server is asked, so that a mistake in them is reported at once. A call that was in step by
then and no longer is after the report (it was never called, or its job is gone) is read once more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.errors import ManifestError, Problem
from reconciler.lock.keyed import DIGEST_SIZE, KEY_SIZE, Keyer
from reconciler.lock.model import CallStatus, Header, Lock, LockedCall
from reconciler.lock.waves import is_newer
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Call, CallSource, Chunk, Desired
from reconciler.plan.decide import IN_STEP, RESTING
from reconciler.plan.diff import Aside, Observed
from reconciler.plan.fresh import NONE, Fresh, Part
from reconciler.plan.wanted import Wanted
from reconciler.read.everything import Everything, Screen, Seen, apart, are_several
from reconciler.read.spool import Spool

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    import numpy as np
    from numpy.typing import NDArray

    from reconciler.lock.columns import Flags, Numbers, Positions
    from reconciler.lock.ledger import Ledger


SLAB: Final = 40
"""Chunks compared together: some twenty thousand calls, which are looked up in a third of the time of one by one."""


def sift(campaign: Campaign, source: CallSource, lock: Lock, keyer: Keyer) -> Sifted:
    """All that is wanted, read from `source` and held against the lock. Raises ManifestError when it cannot be read."""
    if lock.ledger is None:
        everything = Everything(source, keyer)
        everything.take(source.chunks())
        return everything
    sieve = Sieve(campaign, source, lock.ledger, keyer)
    if lock.header.erased:
        sieve.hold_back(lock.ledger.are_of(lock.header.erased.phones, lock.header.erased.keys))
    sieve.take(source.chunks())
    return sieve


class _Slab(NamedTuple):
    """Some chunks, and of each call in them the line, -1 where there is none, and whether it has the same request."""

    chunks: list[Chunk]
    at: Positions
    is_same: Flags
    keys: bytes  # digests
    requests: bytes

    def calls(self, positions: Positions) -> Iterator[Call]:
        """The calls at these positions, which are in order."""
        ends = [*accumulate(len(chunk.keys) for chunk in self.chunks)]
        for position in positions.tolist():
            which = bisect_right(ends, position)
            yield self.chunks[which].call(position - ends[which])  # counted from the chunk's end

    def new(self) -> Flags:
        """Which of the calls have no line, and are of nobody who may be called under two keys."""
        import numpy as np

        shared = np.array([chunk.is_same_phone_allowed for chunk in self.chunks], np.bool_)
        is_new: Flags = (self.at < 0) & ~np.repeat(shared, [len(chunk.keys) for chunk in self.chunks])
        return is_new

    def parts(self, chosen: Flags, keyer: Keyer, spool: Spool) -> Iterator[Part]:
        """The calls that are chosen, by the chunk."""
        start, keep = 0, spool.keep
        for chunk in self.chunks:
            end = start + len(chunk.keys)
            picked = chosen[start:end].nonzero()[0].tolist()
            if len(picked) == len(chunk.keys):
                keys = self.keys[KEY_SIZE * start : KEY_SIZE * end]
                yield Part.of(chunk, keyer, keys, self.requests[DIGEST_SIZE * start : DIGEST_SIZE * end], keep)
            elif picked:
                yield Part.of(chunk.only(picked), keyer, keep=keep)
            start = end


class Sieve:
    """Holds what is wanted against the lines of a long lockfile, chunk by chunk."""

    def __init__(
        self, campaign: Campaign, source: CallSource, ledger: Ledger, keyer: Keyer, *, slab: int = SLAB
    ) -> None:
        import numpy as np

        self._campaign, self._source, self._ledger, self._keyer = campaign, source, ledger, keyer
        self._slab = slab
        self._waves: set[str] = set()  # of what is wanted
        self._asks_nothing = ledger.are(IN_STEP) & ledger.holds
        self._wanted = np.zeros(ledger.columns.size, np.bool_)  # lines whose call is wanted
        self._in_step = np.zeros(ledger.columns.size, np.bool_)
        self._calls: list[Call] = []
        self._fresh: list[Part] = []  # of which no line has the key
        self._screen = Screen(source)
        self._spool = Spool()
        self._all = Seen()
        self._is_read = False  # once: what is read again was seen

    def hold_back(self, lines: Flags) -> None:
        """Says that something may have to be done about the calls of these lines, however they stand."""
        self._asks_nothing &= ~lines

    def take(self, chunks: Iterator[Chunk]) -> None:
        """Keeps the calls of these chunks that are not in step."""
        for slab in self._slabs(chunks):
            is_in_step = slab.is_same & self._asks_nothing[slab.at]
            self._wanted[slab.at[slab.at >= 0]] = True
            self._in_step[slab.at[is_in_step]] = True
            is_left = ~is_in_step
            if are_several(self._calls):
                is_new = slab.new()
                self._fresh += slab.parts(is_new, self._keyer, self._spool)
                is_left &= ~is_new
            self._calls += slab.calls(is_left.nonzero()[0])
        self._is_read = True

    def digest(self, keyer: Keyer) -> str:
        """A digest of all that is wanted, and of who is suppressed."""
        return self._all.digest(keyer, self._source.suppressed)

    def compared(self, lock: Lock, observed: Observed) -> tuple[Desired, Lock, Aside]:
        """Wanted and remembered calls for `make_plan`; `lock` is the same lock as it is known now.

        Raises ManifestError when the lists changed since they were read.
        """
        ledger = lock.ledger
        if ledger is None or ledger.columns is not self._ledger.columns:
            raise AssertionError("the lists were held against another lockfile")
        in_step = self._in_step & ledger.are(IN_STEP) & ledger.holds
        known, fresh = self._known(ledger, lock.header)
        calls = [*self._calls, *self._again(self._in_step & ~in_step), *known]
        alike = self._alike(ledger, calls)
        is_needed = self._wanted | ~ledger.are(RESTING) | self._speak_against(lock, ledger, alike)
        handed = ledger.holds & ~in_step & is_needed
        remembered = [*ledger.calls(handed.nonzero()[0]), *ledger.later()]
        aside = Aside(
            in_step=int(in_step.sum()),
            suppressed=self._screen.suppressed,
            met=frozenset(self._screen.met),
            live=int((ledger.holds & ~handed & ledger.are(_LIVE)).sum()),
            waiting=int((ledger.holds & ~handed & ledger.are(_WAITING)).sum()),
            remembered=int((ledger.holds & ~handed).sum()),
            known=tuple(ledger.calls((in_step & alike).nonzero()[0])),
            wanted_keys=self._keys_in_step(ledger, in_step, remembered),
            attempts=observed.sightings.attempts(remembered) if observed.sightings else {},
            statuses=lock.statuses(self._campaign.wave) if self._campaign.rollout else None,
            fresh=fresh,
        )
        by_id = {call.call_id: call for call in remembered}
        desired = Desired(tuple(calls), self._source.suppressed, self._source.sizes)
        return desired, Lock(lock.header, by_id, lock.is_new), aside

    # ------------------------------------------------------------------------------------------------------ the stream

    def _slabs(self, chunks: Iterator[Chunk]) -> Iterator[_Slab]:
        """The chunks by the slab, each call with its line. A slab is of one wave."""
        for wave, alike in groupby(map(self._screen.without_suppressed, chunks), attrgetter("wave")):
            self._waves.add(wave)
            while chosen := [*islice(alike, self._slab)]:
                yield self._compared([chunk for chunk in chosen if chunk.keys], wave)

    def _compared(self, chunks: list[Chunk], wave: str) -> _Slab:
        import numpy as np

        digests, columns = self._keyer.digests, self._ledger.columns
        keys = b"".join([digests(b"key", map(str.encode, chunk.keys)) for chunk in chunks])
        requests = b"".join([digests(b"request", chunk.tails, chunk.head) for chunk in chunks])
        at = self._find(keys, wave)
        if not self._is_read:
            self._all.add(keys, requests)
        is_same = np.equal(columns.requests(at), _texts(requests)) & (at >= 0)
        return _Slab(chunks, at, is_same, keys, requests)

    def _find(self, keys: bytes, wave: str) -> Positions:
        """The lines of these keys in that wave, looked up in order: several times faster in a long array."""
        import numpy as np

        from reconciler.lock.columns import as_numbers

        numbers, rest = as_numbers(keys)
        order = np.argsort(numbers)
        at = np.empty(len(order), np.int64)
        at[order] = self._ledger.find(numbers[order], rest[order], wave)
        return at

    # ---------------------------------------------------------------------------------------------- after the last one

    def _again(self, fallen: Flags) -> Iterator[Call]:
        """The calls of these lines, by another reading of the lists."""
        missing = int(fallen.sum())
        if not missing:
            return
        suppressed = self._screen.suppressed
        for slab in self._slabs(self._source.chunks()):
            picked = ((slab.at >= 0) & fallen[slab.at]).nonzero()[0]
            missing -= len(picked)
            yield from slab.calls(picked)
        self._screen.suppressed = suppressed
        if missing:
            what, fix = "its phone lists changed while they were read", "run this again when nobody writes to them"
            raise ManifestError([Problem(self._campaign.place, "", what, fix)])

    def _known(self, ledger: Ledger, header: Header) -> tuple[list[Call], Fresh]:
        """Of the calls without a line those whose key or phone is known, a few others by chance, and the rest."""
        from reconciler.lock.columns import as_numbers

        if not self._fresh:
            return [], NONE
        known: list[Wanted] = []
        left: list[Part] = []
        phones = _sorted_phones(ledger)
        for part in self._fresh:
            new = part.new()
            is_key = _are_among(as_numbers(new.keys.encode())[0], ledger.columns.keys)
            is_phone = _are_among(_starts(_texts(new.phones.encode())), phones)
            taken, rest = part.without((is_key | is_phone).nonzero()[0].tolist())
            known += taken
            left.append(rest)
        more, fresh = apart(Fresh(left), ledger.later(), header)
        return [wanted.call for wanted in (*known, *more)], fresh

    def _alike(self, ledger: Ledger, calls: Sequence[Call]) -> Flags:
        """The lines of the keys and phones of these calls, in any wave, and a few others by chance."""
        import numpy as np

        from reconciler.lock.columns import as_numbers

        if not calls:
            return np.zeros(ledger.columns.size, np.bool_)
        columns, digests = ledger.columns, self._keyer.digests
        keys, _ = as_numbers(digests(b"key", [call.key.encode() for call in calls]))
        phones = _starts(_texts(digests(b"phone", [call.phone.encode() for call in calls])))
        keys.sort()
        phones.sort()
        found = [np.empty(0, np.bool_)]
        for start in range(0, columns.size, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            found.append(_are_among(columns.keys[some], keys) | _are_among(_starts(columns.phones(some)), phones))
        return np.concatenate(found)

    def _speak_against(self, lock: Lock, ledger: Ledger, alike: Flags) -> Flags:
        """Of the lines alike, all that are over, those that may speak against a call that is wanted, or name it.

        Of waves older than those that are wanted that is only who was cancelled by somebody else, and one line for each
        key, which makes the call one of a new wave. With dozens of waves the others are nearly the whole lockfile.
        """
        import numpy as np

        columns, begun = ledger.columns, lock.header.waves
        speak = [
            name in self._waves or any(is_newer(begun, name, wave) for wave in self._waves)
            for name in columns.wave_names
        ]
        found: Flags = alike & (np.array(speak or [False])[columns.waves] | ledger.are(_CANCELLED_BY_OTHERS))
        others = (alike & ~found & ledger.holds).nonzero()[0]
        keys, rest = columns.keys[others], columns.keys_rest[others]
        found[others[:1]] = True
        found[others[1:][(keys[1:] != keys[:-1]) | (rest[1:] != rest[:-1])]] = True
        return found

    def _keys_in_step(self, ledger: Ledger, in_step: Flags, remembered: Sequence[LockedCall]) -> frozenset[str]:
        """The keys of what is handed over that are wanted and in step in another wave."""
        ids = [(call.key, wave) for call in remembered for wave in self._waves if wave != call.wave]
        at = ledger.positions(ids)
        return frozenset(
            key for (key, _), is_wanted in zip(ids, ((at >= 0) & in_step[at]).tolist(), strict=True) if is_wanted
        )


Sifted = Everything | Sieve

_AT_ONCE: Final = 100_000  # lines looked at together, where every line is

_LIVE = frozenset(status for status in CallStatus if status.is_live)
_WAITING = frozenset(status for status in CallStatus if status.is_waiting)
_CANCELLED_BY_OTHERS = frozenset(status for status in CallStatus if status.is_cancelled_by_others)


def _texts(digests: bytes) -> NDArray[np.bytes_]:
    """Digests of phones or requests, as `Columns` has them."""
    import numpy as np

    return np.frombuffer(digests, "S12")


def _starts(texts: NDArray[np.bytes_]) -> Numbers:
    """Their first eight characters as numbers."""
    import numpy as np

    return texts.view(np.uint8).reshape(-1, 12)[:, :8].copy().view(np.uint64).ravel()


def _sorted_phones(ledger: Ledger) -> Numbers:
    """How the digests of all lines' phones begin, as numbers in order."""
    import numpy as np

    slices = (slice(start, start + _AT_ONCE) for start in range(0, ledger.columns.size, _AT_ONCE))
    found = [np.empty(0, np.uint64), *(_starts(ledger.columns.phones(some)) for some in slices)]
    return np.sort(np.concatenate(found))


def _are_among(values: Numbers, ordered: Numbers) -> Flags:
    """Which of the values are one of the others, which are in order."""
    import numpy as np

    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    at = np.searchsorted(ordered, values)
    found: Flags = ordered[np.minimum(at, len(ordered) - 1)] == values
    return found
