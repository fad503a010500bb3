"""`plan --out FILE`: the file is there when all plans are in it, or stays what it was."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler import __version__
from reconciler.cli.terminal import Terminal
from reconciler.errors import UsageError
from reconciler.plan.model import Plan
from reconciler.plan.saved import Basis, action_lines, saved_plan
from reconciler.read.plan_file import PlanFileWriter

Save = Callable[[Plan, Basis], None]


@contextmanager
def saving(path: Path, created: str, allowed: dict[str, float], terminal: Terminal) -> Iterator[Save]:
    """What takes plans for the file at `path`. Raises UsageError when it cannot be written."""
    with _replaced(path) as file:
        writer = PlanFileWriter(file, tool=__version__, created=created)

        def save(plan: Plan, basis: Basis) -> None:
            writer.add(saved_plan(plan, basis, allowed), action_lines(plan))

        yield save
        writer.end()
    terminal.say(f"saved to {path}; to do exactly that: campaign apply {path}")


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of the one at `path` once the block ends well."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        if path.is_dir():
            raise IsADirectoryError(0, "Is a directory")
    except OSError as failure:
        raise UsageError(f"--out: cannot write {path}: {failure.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
