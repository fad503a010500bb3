"""Where locks are kept. A store knows bytes only; what they mean is decided in `lock/`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class Stored(msgspec.Struct, frozen=True):
    """What a store holds of one campaign. `lock` is None when there never was one."""

    lock: bytes | None
    journal: bytes


class Store(Protocol):
    """One campaign's lockfile, journal and mutex. Every method that returns has made its effect durable."""

    @property
    def shown(self) -> str:
        """The lockfile's name for messages."""

    def read(self) -> Stored:
        """What is stored now."""

    def append(self, line: bytes) -> None:
        """Adds one journal line. Only inside `hold()`."""

    def replace(self, lock: bytes, journal: bytes = b"", *, first_line: bytes = b"") -> None:
        """Puts a new lockfile in place of the old one, then a new journal. Only inside `hold()`.

        The lockfile is `first_line`, then `lock`: a long one need not be copied to put the one before the other.
        """

    def hold(self, command: str) -> AbstractContextManager[None]:
        """The mutex, for the time of the block. Raises LockHeld when another run has it."""

    def keep(self) -> tuple[str, ...]:
        """Copies what is stored, before somebody replaces it by hand; returns the copies' names."""

    def drop_torn(self) -> None:
        """Takes away what a crash left of a half-written journal line, which nothing reads. Only inside `hold()`."""

    def neighbours(self) -> Iterable[tuple[str, bytes]]:
        """Name and first line of every other lockfile in the same place."""
