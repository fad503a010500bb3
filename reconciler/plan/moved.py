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
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import LockedCall
from reconciler.plan.model import Wanted

FEWEST: Final = 5
"""Changed calls from which on there is a pattern to see: two people may well change places."""

_SAMPLE: Final = 8  # calls tried with the values of all others
_MOST_MISSED: Final = 0.25  # of those tried: others changed at the same time, or were taken out
_DISTINCT: Final = 0.9  # of the values, from which on a match is hardly a coincidence
_VALUES: Final = 10  # distinct ones, from which on their order or frequency is no coincidence
_NEAR: Final = 25  # rows a column may be shifted by
_MOST_DIGESTS: Final = 300_000  # to compare frequencies: a fifth of a second
_BEFORE, _AFTER = b'"payload":', b',"phone":"'
_DECODER: Final = msgspec.json.Decoder(dict[str, Raw])
_SIZE: Final = 12  # of a digest

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
    at: tuple[str, int]  # list and row
    before: bytes
    payload: bytes
    fields: Mapping[str, bytes]
    after: bytes

    def value(self, field: str) -> bytes:
        """A field of the payload as it is written, b"" where it is left out; of "" the whole payload."""
        return self.fields.get(field, b"") if field else self.payload

    def around(self, field: str) -> tuple[bytes, bytes]:
        """What stands before and after that value."""
        if not field:
            return self.before, self.after
        written = [(name, msgspec.json.encode(name) + b":") for name in self.fields]
        at = [name for name, _ in written].index(field)
        parts = [key + self.fields[name] for name, key in written]
        head = b"".join([part + b"," for part in parts[:at]]) + written[at][1]
        tail = b"".join([b"," + part for part in parts[at + 1 :]])
        return self.before + b"{" + head, tail + b"}" + self.after


def _row(changed: Changed) -> _Row | None:
    """The call as a row, None where it has no payload. In a canonical request the phone follows the payload."""
    wanted, locked = changed
    request = wanted.call.request
    start, end = request.find(_BEFORE) + len(_BEFORE), request.rfind(_AFTER)
    if not len(_BEFORE) <= start < end:
        return None
    payload = request[start:end]
    fields = {name: bytes(value) for name, value in _DECODER.decode(payload).items()}
    at = (wanted.call.source, wanted.call.row)
    return _Row(locked.request.encode(), at, request[:start], payload, fields, request[end:])


def _moved_payload(rows: Sequence[_Row], keyer: Keyer) -> Moved | None:
    if len(rows) < FEWEST:
        return None
    names = sorted({name for row in rows for name in row.fields})
    for field in ("", *(names if len(names) > 1 else ())):
        looked = _Looked(rows, field, keyer)
        if looked.is_shifted or looked.is_mixed or looked.is_redealt:
            return Moved(len(rows), field=field, rows=looked.shift if looked.is_shifted else 0)
    return None


class _Looked:
    """The values of one field, or the whole payloads, of all changed calls."""

    def __init__(self, rows: Sequence[_Row], field: str, keyer: Keyer) -> None:
        self._field, self._keyer = field, keyer
        self._rows = [row for row in rows if row.value(field)]
        self._values = [*dict.fromkeys(row.value(field) for row in self._rows)]
        step = max(1, len(self._rows) // _SAMPLE)
        self._sample = self._rows[::step][:_SAMPLE]
        self.shift = 0

    @property
    def is_shifted(self) -> bool:
        """Whether all values moved by the same number of rows, which is in `shift` then."""
        if len(self._values) < _VALUES or len(self._sample) < _SAMPLE:
            return False
        by_place = {row.at: row.value(self._field) for row in self._rows}
        votes = Counter(rows for row in self._sample for rows in self._shifts(row, by_place))
        self.shift, votes_for_it = max(votes.items(), key=lambda each: each[1], default=(0, 0))
        return votes_for_it >= (1 - _MOST_MISSED) * len(self._sample)

    @property
    def is_mixed(self) -> bool:
        """Whether the values, of which hardly two are the same, stand beside other calls than before."""
        return len(self._values) >= _DISTINCT * len(self._rows) >= _DISTINCT * FEWEST and self._is_found()

    @property
    def is_redealt(self) -> bool:
        """Whether every value, though many calls have it, is as frequent as before.

        Values drawn anew differ in frequency from those before by about 0.8 ÷ √(calls a value) of the calls; a quarter
        of that is hardly ever a coincidence.
        """
        count, distinct = len(self._rows), len(self._values)
        if distinct < _VALUES or count * distinct > _MOST_DIGESTS or not self._is_found():
            return False
        before = Counter(filter(None, (self._former(row, self._values) for row in self._rows)))
        kept = (before & Counter(row.value(self._field) for row in self._rows)).total()
        return 1 - kept / count <= 0.2 / sqrt(max(1, count / distinct))

    def _is_found(self) -> bool:
        """Whether nearly all of the sample had, before, a value that another call has now. Gives up early."""
        missed, most = 0, int(_MOST_MISSED * len(self._sample))
        for row in self._sample:
            missed += self._former(row, self._values) is None
            if missed > most:
                return False
        return bool(self._sample)

    def _shifts(self, row: _Row, by_place: Mapping[tuple[str, int], bytes]) -> Iterator[int]:
        """By how many rows down this call's former value may have moved."""
        source, at = row.at
        near = {rows: by_place.get((source, at + rows)) for rows in range(-_NEAR, _NEAR + 1)}
        former = self._former(row, [*{value for value in near.values() if value}])
        return (rows for rows, value in near.items() if value == former and former is not None)

    def _former(self, row: _Row, values: Sequence[bytes]) -> bytes | None:
        """Which of these values the call had before; None: none of them."""
        head, tail = row.around(self._field)
        digests = self._keyer.digests(b"request", [value + tail for value in values], head)
        at = digests.find(row.digest)
        while at % _SIZE and at > 0:  # found across two digests: what is looked for begins at a multiple
            at = digests.find(row.digest, at + 1)
        return values[at // _SIZE] if at >= 0 else None
