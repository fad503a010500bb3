"""Calls of which nothing was remembered before, in columns: as requests to add them are written down and confirmed.

A million times a struct to write an intent, another to record its outcome and a third for the lockfile is more work
than sending the calls. So their digests go from the plan to the journal as they are, one after the other, and the lines
of the lockfile are made from them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Self

import msgspec

from reconciler.calls.masks import mask_of, masks
from reconciler.lock.keyed import DIGEST_SIZE, KEY_SIZE, cut
from reconciler.lock.lockfile import MANY, encode_lines
from reconciler.lock.model import CallStatus, LockedCall

if TYPE_CHECKING:  # numpy is imported only where there are many
    import numpy as np
    from numpy.typing import NDArray


class NewCalls(msgspec.Struct, frozen=True, gc=False):
    """Calls of one wave: the digests of each kind, one after the other, in the order of their request."""

    wave: str
    keys: str
    phones: str
    requests: str

    @classmethod
    def of(cls, wave: str, digests: str) -> Self:
        """The calls of which these are the digests of all keys, then of all phones, then of all requests."""
        count = len(digests) // (KEY_SIZE + 2 * DIGEST_SIZE)
        phones_at, requests_at = KEY_SIZE * count, (KEY_SIZE + DIGEST_SIZE) * count
        return cls(wave, digests[:phones_at], digests[phones_at:requests_at], digests[requests_at:])

    @property
    def size(self) -> int:
        """How many calls there are."""
        return len(self.keys) // KEY_SIZE

    def columns(self) -> tuple[list[str], list[str], list[str]]:
        """The digests of each call's key, phone and request."""
        return cut(self.keys, KEY_SIZE), cut(self.phones, DIGEST_SIZE), cut(self.requests, DIGEST_SIZE)

    def cut(self, start: int, end: int) -> NewCalls:
        """The calls from one position to before another."""
        few = slice(DIGEST_SIZE * start, DIGEST_SIZE * end)
        return NewCalls(self.wave, self.keys[KEY_SIZE * start : KEY_SIZE * end], self.phones[few], self.requests[few])

    def joined(self, other: NewCalls) -> NewCalls:
        """The calls of both, which are of the same wave."""
        return NewCalls(self.wave, self.keys + other.keys, self.phones + other.phones, self.requests + other.requests)

    def only(self, positions: Sequence[int]) -> NewCalls:
        """The calls at these positions."""
        columns = ("".join([column[at] for at in positions]) for column in self.columns())
        return NewCalls(self.wave, *columns)

    def calls(self, phones: Sequence[str], job_ids: Sequence[str] = (), statuses: str = "") -> list[LockedCall]:
        """The calls one by one. `phones` are their E.164 digits; without jobs and statuses they are in doubt.

        Raises ValueError when these are not as many.
        """
        jobs = job_ids or [""] * self.size
        letters = map(CallStatus, statuses) if statuses else repeat(CallStatus.IN_DOUBT, self.size)
        columns = zip(*self.columns(), jobs, letters, masks(phones), strict=True)
        return [LockedCall(key, self.wave, *rest) for key, *rest in columns]

    def lines(self, phones: Sequence[str], job_ids: Sequence[str], statuses: str) -> bytes:
        """Their lines in a lockfile, as `encode_lines` makes them. Raises ValueError when these are not as many."""
        return encode_lines(self.calls(phones, job_ids, statuses))

    def even_lines(self, phones: Sequence[str], job_ids: Sequence[str], statuses: str) -> bytes:
        """The same, made a column at a time, which is what large applies need: these lines are nearly always even.

        b"" where they are not: ids of several lengths or of other letters than digits, or phones of several lengths.
        """
        count, ids, digits = self.size, "".join(job_ids), "".join(phones)
        sizes = len(ids) // count, len(digits) // count
        if {*map(len, job_ids)} != {sizes[0]} or {*map(len, phones)} != {sizes[1]} or not _is_digits(ids + digits):
            return b""
        head, dots, rest = mask_of(sizes[1])
        phone, wave, between = _matrix(digits, count), msgspec.json.encode(self.wave), b'","'
        keys, phone_digests, requests = (_matrix(each, count) for each in (self.keys, self.phones, self.requests))
        jobs = (_matrix(ids, count), between, _matrix(statuses, count))
        shown = (phone[:, :head], dots.encode(), phone[:, rest:])
        digests = (b'["', keys, b'",' + wave + b',"', phone_digests, between, requests)
        return _rows(count, *digests, between, *jobs, between, *shown, b'"]\n')


def lowest_key(keys: str, count: int) -> str:
    """The highest of so many lowest of these digests of keys, which stand one after the other."""
    if len(keys) < MANY * KEY_SIZE:
        return sorted(cut(keys, KEY_SIZE))[count - 1]
    import numpy as np

    ordered = np.sort(np.frombuffer(keys.encode(), f"S{KEY_SIZE}"))
    return str(ordered[count - 1].decode())


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _rows(count: int, *columns: bytes | NDArray[np.uint8]) -> bytes:
    """The columns beside each other, row by row; a text stands in every row."""
    import numpy as np

    def spread(column: bytes | NDArray[np.uint8]) -> NDArray[np.uint8]:
        if not isinstance(column, bytes):
            return column
        return np.broadcast_to(np.frombuffer(column, np.uint8), (count, len(column)))

    return np.hstack([*map(spread, columns)]).tobytes()


def _matrix(texts: str, count: int) -> NDArray[np.uint8]:
    """So many texts of one length, one after the other, as rows of letters."""
    import numpy as np

    return np.frombuffer(texts.encode(), np.uint8).reshape(count, -1)
