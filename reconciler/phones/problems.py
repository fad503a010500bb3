"""What is wrong with lists, collected instead of stopping at the first; bounded, however broken a file is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reconciler.errors import ManifestError, Problem

KEPT: Final = 10_000  # problems kept in full; nobody reads more, and a file may hold millions of bad rows


class Wrong(Exception):
    """Something cannot be used. `what` is wrong and `fix` would be right, neither quotes the text that was read.

    `line` is where in the file, or 0 when only the caller knows.
    """

    def __init__(self, what: str, fix: str = "", line: int = 0) -> None:
        self.what, self.fix, self.line = what, fix, line
        super().__init__(what)


class Problems:
    """The first `limit` problems in the order they were met, and how many more there were (`omitted`)."""

    def __init__(self, limit: int = KEPT) -> None:
        self.limit = limit
        self.kept: list[Problem] = []
        self.omitted = 0

    @property
    def count(self) -> int:
        """How many there were, kept or not."""
        return len(self.kept) + self.omitted

    def add(self, problem: Problem) -> None:
        """Keep the problem, or count it when enough are kept."""
        if len(self.kept) < self.limit:
            self.kept.append(problem)
        else:
            self.omitted += 1

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add each of them."""
        for problem in problems:
            self.add(problem)

    def raise_if_any(self) -> None:
        """Raise ManifestError with all that was collected, if anything was."""
        if self.kept:
            raise ManifestError(self.kept, omitted=self.omitted)
