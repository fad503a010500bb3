"""Whether any key or phone was met twice, for sixteen bytes a call.

Keys and phones are remembered as 64-bit hashes. When no hash was met twice, nobody was. Else those who have such a
hash *may* have been met twice, and only they need to be looked at again, exactly: a coincidence of hashes (one in ten
million among a million calls) costs a second reading and changes nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from typing import Final, NamedTuple

from reconciler.phones.model import Chunk

FEW: Final = 50_000  # up to here counting is quicker than importing numpy, which takes a tenth of a second


class Repeated(NamedTuple):
    """Hashes that were met more than once."""

    keys: frozenset[int]
    phones: frozenset[int]

    def among(self, chunk: Chunk) -> list[int]:
        """Positions of the calls that may have been met before or again."""
        hashes = zip(map(hash, chunk.keys), map(hash, chunk.phones), strict=True)
        return [at for at, (key, phone) in enumerate(hashes) if key in self.keys or phone in self.phones]


class Tally:
    """Everybody met in one reading of the lists."""

    def __init__(self) -> None:
        self._keys, self._phones = array("q"), array("q")
        self._order = hashlib.blake2b(digest_size=16)

    def add(self, chunk: Chunk) -> None:
        """Take note of these calls."""
        for met, column in (self._keys, chunk.keys), (self._phones, chunk.phones):
            hashes = array("q", map(hash, column))
            self._order.update(hashes)
            met.extend(hashes)

    @property
    def order(self) -> bytes:
        """Stands for all keys and phones in their order: another reading gave the same, or the lists have changed."""
        return self._order.digest()

    def repeated(self) -> Repeated:
        """Who may have been met twice."""
        return Repeated(_repeated(self._keys), _repeated(self._phones))


def _repeated(hashes: array[int]) -> frozenset[int]:
    if len(hashes) <= FEW:
        return frozenset(value for value, count in Counter(hashes).items() if count > 1)
    import numpy as np

    ordered = np.frombuffer(hashes, np.int64)
    ordered.sort()  # in place, as the array's own order is no longer needed
    return frozenset(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
