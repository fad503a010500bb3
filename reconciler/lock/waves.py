"""In which order the waves of a lock were begun: what tells going back from calling again.

A wave is a name; which of two came later, only the lock can know. It notes a wave when a run first meets it. While
there is but one, nothing is noted. Waves of a lock that is older than such notes count as begun in the order people
would give them: `2` before `10`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from reconciler.lock.model import Lock


def with_waves(lock: Lock, begun: Sequence[str] = ()) -> Lock:
    """The lock with the order of all its waves in the header; those that are `begun` come last, in this order."""
    header = lock.header
    unnoted = sorted(_waves_of(lock).difference(header.waves), key=_natural)
    order = tuple(dict.fromkeys([*header.waves, *unnoted, *begun]))
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(header, waves=order if len(order) > 1 else ()))


def is_newer(waves: Sequence[str], wave: str, than: str) -> bool:
    """Whether `wave`, of which there are calls, was begun after `than`; never where `than` was not begun yet."""
    return than in waves and wave in waves and waves.index(wave) > waves.index(than)


def _waves_of(lock: Lock) -> set[str]:
    if lock.ledger is not None:
        return {*lock.ledger.columns.wave_names, *(call.wave for call in lock.ledger.later())}
    return {wave for _, wave in lock.calls}


def _natural(wave: str) -> list[tuple[int, int, str]]:
    """Numbers in a name count by their value."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split("([0-9]+)", wave) if part]
