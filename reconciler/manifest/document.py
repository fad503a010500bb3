"""One YAML document with the place of everything in it, and findings about it, which become Problems.

Checks work on plain values and say *where* by path (`("spec", "policy", "maxAttempts")`); only the document knows
which file, line and column that is. So checks stay pure functions of values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from reconciler.errors import Place, Problem
from reconciler.manifest.wording import KeyPath, path_text


class Finding(NamedTuple):
    """Something wrong at a path of a document: what it is, and what would be right."""

    path: KeyPath
    what: str
    fix: str = ""

    def under(self, path: KeyPath) -> Finding:
        """The same finding seen from further up: its path lies below `path`."""
        return self._replace(path=path + self.path)


class Document(msgspec.Struct, frozen=True):
    """The value of a document and where its parts stand; `positions` holds (line, column), counted from 1, by path.

    A field stands where its name does, an item of a list where it begins.
    """

    file: str  # as the user would name it
    value: Any
    positions: dict[KeyPath, tuple[int, int]]

    def __repr__(self) -> str:
        return f"Document({self.place()})"

    def place(self, path: KeyPath = ()) -> Place:
        """Where the part at `path` stands; for what is not there, the nearest part around it."""
        while path not in self.positions and path:
            path = path[:-1]
        return Place(self.file, *self.positions.get(path, (0, 0)))

    def problem(self, finding: Finding) -> Problem:
        """The finding with file, line and column."""
        return Problem(self.place(finding.path), path_text(finding.path), finding.what, finding.fix)
