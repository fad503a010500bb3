"""A list whose rows were torn apart: payloads that stand beside other phones than before, as after a sort gone wrong.

The lock knows of a call only the digest of its whole request, so what a call said before cannot be read from it. But it
can be guessed: a call's own request with the payload that another call has now, digested, is the digest that is
remembered if that payload was this call's. A few calls are tried with those of all others, so the cost grows with the
number of changed calls and not with its square; nothing is stored for it.

Values that many calls have in common say little: they come and go among people as a matter of course. They count where
all of them moved by the same number of rows, or where every value is as frequent after as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import sqrt
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from reconciler.lock.keyed import DIGEST_SIZE, Keyer
from reconciler.lock.model import LockedCall
from reconciler.plan.wanted import Wanted

FEWEST: Final = 5
"""Changed calls from which on there is a pattern to see: two people may well change places."""

_SAMPLE: Final = 8  # calls tried with the values of all others
_MOST_MISSED: Final = 0.25  # of those tried: others changed at the same time, or were taken out
_DISTINCT: Final = 0.9  # of the values, from which on a match is hardly a coincidence
_VALUES: Final = 10  # distinct ones, from which on their order or frequency is no coincidence
_NEAR: Final = 25  # rows a column may be shifted by
_MANY: Final = 20_000  # changed calls; of more, fields are not tried one by one in every order
_MOST_DIGESTS: Final = 300_000  # to compare frequencies: a fifth of a second
_BEFORE, _AFTER = b'"payload":', b',"phone":"'

Changed = tuple[Wanted, LockedCall]
"""A call as it is wanted, and as it is remembered from another request."""


class Moved(msgspec.Struct, frozen=True):
    """What moved against what. `calls` are those that changed, of which nearly all seem to be part of it."""

    calls: int
    is_phone: bool = False  # phones moved against keys; else the payload, or a field of it, against phones
    field: str = ""  # of the payload; "": all of it
    rows: int = 0  # it moved down by; 0: not all by the same number


def find_moved(changed: Sequence[Changed], keyer: Keyer) -> Moved | None:
    """What seems to have moved among these calls; None: nothing, or too little to say."""
    if len(changed) < FEWEST:
        return None
    rephoned = [(wanted, locked) for wanted, locked in changed if wanted.phone != locked.phone]
    before = {locked.phone for _, locked in rephoned}
    exchanged = sum(wanted.phone in before for wanted, _ in rephoned)
    if exchanged >= max(FEWEST, (1 - _MOST_MISSED) * len(rephoned)):
        return Moved(len(rephoned), is_phone=True)
    kept = [each for each in changed if each[0].phone == each[1].phone]
    return _moved_payload([*filter(None, map(_row, kept))], keyer) if len(kept) >= FEWEST else None


class _Row(NamedTuple):
    """A changed call, its request cut where the payload is."""

    digest: bytes  # of the request it was created from
    place: tuple[str, int]  # list and row
    before: bytes
    payload: bytes
    after: bytes

    def value(self, field: str) -> bytes:
        """A field of the payload as it is written, b"" where it is left out; of "" the whole payload."""
        return bytes(_fields(self.payload).get(field, b"")) if field else self.payload

    def around(self, field: str) -> tuple[bytes, bytes]:
        """What stands before and after that value."""
        if not field:
            return self.before, self.after
        written = {name: msgspec.json.encode(name) + b":" + bytes(v) for name, v in _fields(self.payload).items()}
        names = [*written]
        at = names.index(field)
        head = b"".join(written[name] + b"," for name in names[:at])
        tail = b"".join(b"," + written[name] for name in names[at + 1 :])
        return self.before + b"{" + head + msgspec.json.encode(field) + b":", tail + b"}" + self.after


_Fields = Mapping[str, Raw]
_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def _row(changed: Changed) -> _Row | None:
    """The call as a row, None where it has no payload. In a canonical request the phone follows the payload."""
    wanted, locked = changed
    request = wanted.call.request
    start, end = request.find(_BEFORE) + len(_BEFORE), request.rfind(_AFTER)
    if not len(_BEFORE) <= start < end:
        return None
    place = (wanted.call.source, wanted.call.row)
    return _Row(locked.request.encode(), place, request[:start], request[start:end], request[end:])


def _moved_payload(rows: Sequence[_Row], keyer: Keyer) -> Moved | None:
    if len(rows) < FEWEST:
        return None
    by_place = {row.place: row for row in rows}
    names = sorted({name for row in _sample(rows) for name in _fields(row.payload)})
    fields: Sequence[_Fields] | None = None if len(rows) > _MANY else [_fields(row.payload) for row in rows]
    for field in ("", *(names if len(names) > 1 else ())):
        looked = _Looked(rows, field, keyer, fields)
        if shift := looked.shift(by_place):
            return Moved(len(rows), field=field, rows=shift)
        if (not field or fields) and (looked.are_mixed() or looked.are_redealt()):
            return Moved(len(rows), field=field)
    return None


def _sample(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Some of them, from all over the list, the same each time."""
    return rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]


class _Looked:
    """A field of the payload, or "" for all of it, looked at in all changed calls that have it."""

    def __init__(self, rows: Sequence[_Row], field: str, keyer: Keyer, fields: Sequence[_Fields] | None = None) -> None:
        """`fields` are those of each row's payload, which are needed to look at one of them in all rows."""
        self._rows, self._field, self._keyer, self._fields = rows, field, keyer, fields

    def shift(self, by_place: Mapping[tuple[str, int], _Row]) -> int:
        """By how many rows down nearly all values moved; 0: not all by the same number."""
        sample = _sample(self._rows)
        near = [self._near(row, by_place) for row in sample]
        if len(sample) < _SAMPLE or len({value for values in near for value in values.values()}) < _VALUES:
            return 0
        votes: Counter[int] = Counter()
        for row, values in zip(sample, near, strict=True):
            former = self._former(row, [*{*values.values()}])
            votes.update(rows for rows, value in values.items() if value == former)
        rows, votes_for_it = max(votes.items(), key=lambda each: each[1], default=(0, 0))
        return rows if votes_for_it >= (1 - _MOST_MISSED) * len(sample) else 0

    def are_mixed(self) -> bool:
        """Whether the values, of which hardly two are the same, stand beside other calls than before."""
        return len(self._distinct) >= max(_DISTINCT * len(self._values), FEWEST) and self._are_found()

    def are_redealt(self) -> bool:
        """Whether every value, though many calls have it, is as frequent as before.

        Values drawn anew differ in frequency from those before by about 0.8 ÷ √(calls a value) of the calls; a quarter
        of that is hardly ever a coincidence.
        """
        count, distinct = len(self._values), len(self._distinct)
        if distinct < _VALUES or count * distinct > _MOST_DIGESTS or not self._are_found():
            return False
        before = Counter(self._former(row, self._distinct) for row in self._having)
        kept = (before & Counter(self._values)).total()
        return 1 - kept / count <= 0.2 / sqrt(max(1, count / distinct))

    @cached_property
    def _having(self) -> Sequence[_Row]:
        if not self._field or self._fields is None:
            return self._rows
        return [row for row, fields in zip(self._rows, self._fields, strict=True) if self._field in fields]

    @cached_property
    def _values(self) -> Sequence[bytes]:
        if not self._field or self._fields is None:
            return [row.payload for row in self._rows]
        return [bytes(fields[self._field]) for fields in self._fields if self._field in fields]

    @cached_property
    def _distinct(self) -> Sequence[bytes]:
        return [*dict.fromkeys(self._values)]

    def _are_found(self) -> bool:
        """Whether nearly all of some calls had, before, a value that another call has now. Gives up early."""
        sample, missed = _sample(self._having), 0
        for row in sample:
            missed += self._former(row, self._distinct) is None
            if missed > _MOST_MISSED * len(sample):
                return False
        return True

    def _near(self, row: _Row, by_place: Mapping[tuple[str, int], _Row]) -> dict[int, bytes]:
        """The values a few rows up and down from this one."""
        if not row.value(self._field):
            return {}
        source, at = row.place
        others = {rows: by_place.get((source, at + rows)) for rows in range(-_NEAR, _NEAR + 1)}
        values = {rows: other.value(self._field) for rows, other in others.items() if other}
        return {rows: value for rows, value in values.items() if value}

    def _former(self, row: _Row, values: Sequence[bytes]) -> bytes | None:
        """Which of these values the call had before; None: none of them."""
        if not values:
            return None
        head, tail = row.around(self._field)
        digests = self._keyer.digests(b"request", [value + tail for value in values], head)
        at = digests.find(row.digest)
        while at % DIGEST_SIZE and at > 0:  # found across two digests: what is looked for begins at a multiple
            at = digests.find(row.digest, at + 1)
        return values[at // DIGEST_SIZE] if at >= 0 else None
