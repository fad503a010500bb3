"""Putting new content into a file that somebody has: all of it or nothing, and the file stays what it is otherwise."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def rewrite(path: Path, content: bytes) -> None:
    """Replaces the file's content; its mode stays, and where we may its owner. What a link leads to is replaced.

    Raises OSError, and then everything is as it was.
    """
    target = Path(os.path.realpath(path))
    before = target.stat()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            with contextlib.suppress(PermissionError):
                os.chown(file.fileno(), before.st_uid, before.st_gid)
            Path(name).chmod(before.st_mode & 0o7777)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
