"""Who stands in the line of a rollout: calls one by one, and fresh ones in columns, in the order of their digests."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reconciler.lock.new_calls import lowest_key
from reconciler.plan.fresh import NONE, Fresh
from reconciler.plan.model import Add


class Line(msgspec.Struct, frozen=True):
    """Those who could be called now, and how many are wanted in all, called ones too. Nobody stands in it twice."""

    adds: Sequence[Add]
    wanted: int
    fresh: Fresh = NONE

    def __len__(self) -> int:
        """How many could be called."""
        return len(self.adds) + len(self.fresh)

    @property
    def takes_room(self) -> bool:
        """Whether there is anybody whom the lock does not count yet."""
        return bool(self.fresh) or any(map(_takes_room, self.adds))

    def first(self, room: int) -> Line:
        """Whoever the lock counts already, and so many of the others as there is room for, from the front."""
        waiting = [add for add in self.adds if _takes_room(add)]
        if room >= len(waiting) + len(self.fresh):
            return self
        counted = [add for add in self.adds if not _takes_room(add)]
        if not room:
            return Line(counted, self.wanted)
        keys = [add.wanted.key for add in waiting]
        last = lowest_key("".join([*keys, *self.fresh.keys()]), room)
        first = [add for add, key in zip(waiting, keys, strict=True) if key <= last]
        return Line([*counted, *first], self.wanted, self.fresh.up_to(last))


def _takes_room(add: Add) -> bool:
    """Whether the lock does not count this call yet."""
    return add.before is None or add.before.status.is_free
