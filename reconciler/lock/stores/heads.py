"""First lines of lockfiles, read once in a run: each of its campaigns looks at the lockfiles of all others."""

from __future__ import annotations

import os
from collections.abc import Callable


class Heads:
    """The first lines by file; one that was written since is read again. May be used from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], bytes]] = {}
        self._blobs: dict[str, bytes] = {}

    def first_line(self, path: str) -> bytes:
        """The file's first line. Raises OSError."""
        found = os.stat(path)  # noqa: PTH116 - a Path costs more than the call, and there are a quarter million
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._known.get(path)
        if known and known[0] == version:
            return known[1]
        with open(path, "rb") as file:  # noqa: PTH123 - the same
            line = file.readline()
        self._known[path] = version, line
        return line

    def of_blob(self, blob: str, read: Callable[[str], bytes]) -> bytes:
        """The first line of a content in Git, which its id stands for: read once, as each reading is a process."""
        line = self._blobs.get(blob)
        if line is None:
            line = self._blobs[blob] = read(blob)
        return line
