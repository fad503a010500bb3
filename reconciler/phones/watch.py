"""Whoever watches a long reading: told what is read, how much there is, and how far it is."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """What `render.progress` shows, as those below it see it."""

    def start(self, label: str, total: int | None) -> None:
        """Something of `total` steps begins; None where nobody knows how many."""
        ...

    def advance(self, n: int = 1) -> None:
        """So many more steps are done."""
        ...


class Unwatched:
    """Nobody watches."""

    def start(self, label: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""


UNWATCHED = Unwatched()
