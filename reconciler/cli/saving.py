"""`plan --out FILE`: the file is there when all plans are in it, or stays what it was."""

from __future__ import annotations

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
    """What takes plans for the file at `path`; without any the file stays what it was.

    Raises UsageError when it cannot be written.
    """
    with _beside(path) as (temporary, file):
        writer = PlanFileWriter(file, tool=__version__, created=created)

        def save(plan: Plan, basis: Basis) -> None:
            writer.add(saved_plan(plan, basis, allowed), action_lines(plan))

        yield save
        writer.end()
        file.close()
        if writer.campaigns:
            temporary.replace(path)
            terminal.say(f"saved to {path}; to do exactly that: campaign apply {path}")


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in the same folder, that is gone at the end unless it was moved."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as failure:
        raise UsageError(f"--out: cannot write {path}: {failure.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield Path(name), file
    finally:
        Path(name).unlink(missing_ok=True)
