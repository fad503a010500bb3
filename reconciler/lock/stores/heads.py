"""First lines of lockfiles, read once in a run: each of its campaigns looks at the lockfiles of all others."""

from __future__ import annotations

from pathlib import Path


class Heads:
    """The first lines by file; one that was written since is read again. May be used from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], bytes]] = {}

    def first_line(self, path: Path) -> bytes:
        """The file's first line. Raises OSError."""
        found = path.stat()
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._known.get(str(path))
        if known and known[0] == version:
            return known[1]
        with path.open("rb") as file:
            line = file.readline()
        self._known[str(path)] = version, line
        return line
