"""When the wanted calls may begin, and how often they are tried: their policies and where their numbers are, counted.

A million calls share a handful of policies and some hundred places. The first tens of thousands of rows are looked at
one by one, of those after them one in fifty, which is counted as fifty: nobody needs to the call what only warns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Raw

from reconciler.errors import Place
from reconciler.phones.model import CallSource, Chunk
from reconciler.phones.passing import Passing
from reconciler.windows.prefix import key_of
from reconciler.windows.window import Window, window_of
from reconciler.windows.zones import is_fixed, zone_named

EXACT: Final = 20_000
"""Rows that are all looked at."""

MOST_GROUPS: Final = 500
"""Groups that are told, the largest: a column of moments may make as many as there are rows."""

_STEP: Final = 50  # beyond: one in so many of each chunk
_KEPT: Final = 10_000  # policies told apart


class Group(msgspec.Struct, frozen=True):
    """Calls of one list under one policy to numbers of one place. `zones` are the number's, none where unknown."""

    window: Window
    attempts: int | None  # at most
    zones: tuple[str, ...]
    calls: int
    place: Place  # of one of them


class _Written(msgspec.Struct, frozen=True, rename="camel"):
    """What a request says of time and attempts, as it is written."""

    allowed_days: Raw = Raw(b"")
    allowed_time: Raw = Raw(b"")
    gmt_zone: Raw = Raw(b"")
    start_date_time: Raw = Raw(b"")
    finish_date_time: Raw = Raw(b"")
    max_attempts: Raw = Raw(b"")


_FIELDS: Final = tuple(field.encode_name for field in msgspec.structs.fields(_Written))
_decode = msgspec.json.Decoder(_Written).decode
_Key = tuple[str, int, str]  # list, number of the policy, what the number begins with


class Survey:
    """Counts the calls of one reading."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[bytes, ...], int] = {}
        self._policies: list[tuple[Window, int | None]] = []
        self._counts: Counter[_Key] = Counter()
        self._rows: dict[_Key, int] = {}
        self._seen = 0

    def add(self, chunk: Chunk) -> None:
        """Counts the calls of a chunk."""
        step = 1 if self._seen < EXACT else _STEP
        self._seen += len(chunk.phones)
        rows, phones = chunk.rows[::step], chunk.phones[::step]
        stands_for = len(chunk.phones) / max(1, len(phones))
        for policy, positions in self._policies_of(chunk, step):
            begin = [key_of(phones[at]) for at in positions]
            for start, count in Counter(begin).items():
                key = (chunk.source, policy, start)
                self._counts[key] += round(count * stands_for)
                self._rows.setdefault(key, rows[positions[begin.index(start)]])

    def groups(self, *, is_load_worth: bool = False) -> tuple[Group, ...]:
        """The groups, the largest first, with zones where these may matter.

        They do where an end or a fixed offset depends on them, and where a load is worth a forecast: the map of numbers
        to zones takes a while to import.
        """
        merged: dict[tuple[str, int, tuple[str, ...]], tuple[int, int]] = {}
        zones_of = self._zones_of(is_load_worth)
        for key, count in self._counts.items():
            source, policy, start = key
            one = (source, policy, zones_of(policy, start))
            calls, row = merged.get(one, (0, self._rows[key]))
            merged[one] = (calls + count, min(row, self._rows[key]))
        largest = sorted(merged.items(), key=lambda each: -each[1][0])[:MOST_GROUPS]
        return tuple(
            Group(*self._policies[policy], zones, calls, Place(source, row))
            for (source, policy, zones), (calls, row) in largest
        )

    def _zones_of(self, is_load_worth: bool) -> Callable[[int, str], tuple[str, ...]]:
        needs = [_needs_zones(window, is_load_worth) for window, _ in self._policies]
        if not any(needs):
            return _unplaced
        from reconciler.windows.numbers import origin_of

        known: dict[str, tuple[str, ...]] = {}

        def zones(policy: int, start: str) -> tuple[str, ...]:
            if not needs[policy]:
                return ()
            if start not in known:
                known[start] = origin_of(start).zones
            return known[start]

        return zones

    def _policies_of(self, chunk: Chunk, step: int) -> Iterator[tuple[int, Sequence[int]]]:
        """The policies of a chunk's calls, each with the positions of its calls among those that are looked at."""
        tails = chunk.tails[::step]
        if chunk.has_one_policy:
            if tails:
                yield self._number(chunk.head + tails[0]), range(len(tails))
            return
        found: dict[int, list[int]] = {}
        for at, tail in enumerate(tails):
            found.setdefault(self._number(chunk.head + tail), []).append(at)
        yield from found.items()

    def _number(self, request: bytes) -> int:
        written = tuple(map(bytes, msgspec.structs.astuple(_decode(request))))
        number = self._numbers.get(written)
        if number is None:
            if len(self._numbers) == _KEPT:
                self._numbers.clear()  # a policy met again gets another number, and is counted as another
            number = self._numbers[written] = len(self._policies)
            fields = zip(_FIELDS, written, strict=True)
            policy = {name: msgspec.json.decode(value) for name, value in fields if value}
            self._policies.append((window_of(policy), policy.get("maxAttempts")))
        return number


def _unplaced(policy: int, start: str) -> tuple[str, ...]:  # noqa: ARG001 - as the other
    """No zones, where none matter."""
    return ()


def _needs_zones(window: Window, is_load_worth: bool) -> bool:
    if window.zone:
        return is_fixed(zone_named(window.zone))
    return is_load_worth or window.start is not None or window.finish is not None


class Surveyed(Passing):
    """Calls that are counted when they are read for the first time."""

    def __init__(self, source: CallSource, phones: Callable[[Sequence[str]], object] | None = None) -> None:
        """`phones` is told all that are not suppressed."""
        super().__init__(source)
        self._phones = phones
        self._is_read = False
        self.survey = Survey()

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls; raises ManifestError after the last when something is wrong."""
        if self._is_read:
            yield from self._source.chunks()
            return
        yield from surveyed(self.survey, self._source.chunks(), self.suppressed, self._phones)
        self._is_read = True


def surveyed(
    survey: Survey,
    chunks: Iterator[Chunk],
    suppressed: frozenset[str],
    phones: Callable[[Sequence[str]], object] | None = None,
) -> Iterator[Chunk]:
    """The same chunks; the survey, and `phones` if it is given, are told of all who are not suppressed."""
    for chunk in chunks:
        kept = chunk
        if suppressed and not suppressed.isdisjoint(chunk.phones):
            kept = chunk.only([at for at, phone in enumerate(chunk.phones) if phone not in suppressed])
        survey.add(kept)
        if phones is not None:
            phones(kept.phones)
        yield chunk
