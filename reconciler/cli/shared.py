"""What the campaigns of one run share, so that it is there once: the pace of requests, lists, and so on."""

from __future__ import annotations

import msgspec

from reconciler.calls.authorities import Authorities
from reconciler.calls.pace import Pace
from reconciler.cli.capped import Hood
from reconciler.lock.stores.heads import Heads
from reconciler.phones.shelf import Shelf
from reconciler.read.destinations import Destinations


class Shared(msgspec.Struct, frozen=True):
    """One for each run; may be used from several threads."""

    pace: Pace | None
    authorities: Authorities
    shelf: Shelf
    heads: Heads
    hood: Hood
    destinations: Destinations

    @classmethod
    def at(cls, rate: float | None) -> Shared:
        """Nothing read yet; at most so many requests a second, None for as many as there are."""
        return cls(Pace(rate) if rate else None, Authorities(), Shelf(), Heads(), Hood(), Destinations())
