"""Who is called by several campaigns of a run: counted by hashes of phones, which are nowhere but in memory.

Campaigns come one by one and each is told whom it shares with those before it, so nothing waits for all lists to be
read. Eight bytes a call are kept, and four for the campaign, in blocks that are merged with others of their size: so
each call is sorted some ten times however many campaigns there are.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from threading import Lock as Mutex
from typing import TYPE_CHECKING, Self

from reconciler.manifest.model import Campaign

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Block = tuple[NDArray[np.int64], NDArray[np.uint32]]


class Phones:
    """The phones of one campaign, as they are read."""

    def __init__(self) -> None:
        self.hashes = array("q")

    def add(self, phones: Sequence[str]) -> None:
        """Some more."""
        self.hashes.extend(map(hash, phones))


class People:
    """Everybody called by the campaigns so far. Several campaigns may ask at once."""

    def __init__(self) -> None:
        self._mutex = Mutex()
        self._names: list[str] = []
        self._blocks: list[_Block] = []

    @classmethod
    def of_several(cls, campaigns: Sequence[Campaign]) -> Self | None:
        """Nobody yet of a run of these campaigns; None where there is but one, which can share nobody."""
        return cls() if len(campaigns) > 1 else None

    def meet(self, name: str, phones: Phones) -> tuple[int, Mapping[str, int]]:
        """How many of these are called by campaigns before, and by which how many. Takes note of them."""
        with self._mutex:
            return self._meet(name, phones)

    def _meet(self, name: str, phones: Phones) -> tuple[int, Mapping[str, int]]:
        import numpy as np

        own = np.sort(np.array(phones.hashes, np.int64))
        own = own[np.append(own[1:] != own[:-1], True)[: len(own)]]  # np.unique takes sixteen times as long
        met, counts = np.zeros(len(own), np.bool_), np.zeros(len(self._names), np.int64)
        for hashes, campaigns in self._blocks:
            first = np.searchsorted(hashes, own, "left")
            found = np.searchsorted(hashes, own, "right") - first
            met |= found > 0
            for nth in range(int(found.max(initial=0))):  # whoever is in several campaigns is there several times
                counts += np.bincount(campaigns[first[found > nth] + nth], minlength=len(counts))
        self._keep((own, np.full(len(own), len(self._names), np.uint32)))
        by_name = {self._names[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()}
        self._names.append(name)
        return int(np.count_nonzero(met)), by_name

    def _keep(self, block: _Block) -> None:
        import numpy as np

        while self._blocks and len(self._blocks[-1][0]) <= 2 * len(block[0]):
            before = self._blocks.pop()
            hashes = np.concatenate((before[0], block[0]))
            campaigns = np.concatenate((before[1], block[1]))
            order = np.argsort(hashes, kind="stable")
            block = (hashes[order], campaigns[order])
        self._blocks.append(block)
