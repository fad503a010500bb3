"""What the campaigns of one run share, so that it is there once: the pace of requests, authorities, lists."""

from __future__ import annotations

import msgspec

from reconciler.calls.authorities import Authorities
from reconciler.calls.pace import Pace
from reconciler.cli.capped import Hood
from reconciler.lock.stores.heads import Heads
from reconciler.phones.shelf import Shelf


class Shared(msgspec.Struct, frozen=True):
    """One for each run; may be used from several threads."""

    pace: Pace | None
    authorities: Authorities
    shelf: Shelf
    heads: Heads
    hood: Hood

    @classmethod
    def at(cls, rate: float | None) -> Shared:
        """Nothing read yet; at most so many requests a second, None for as many as there are."""
        return cls(Pace(rate) if rate else None, Authorities(), Shelf(), Heads(), Hood())
